//! A Telegram bot by webhook: Telegram proves who writes, a list says who may.
//!
//! `cargo run --example telegram_bot` serves, and prints a request to paste; `-- HOST:PORT` names
//! another address. With `--once` it asks itself, and ends.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal},
    net::SocketAddr,
    process::ExitCode,
};

use axum::{
    Extension, Json, Router,
    body::Body,
    http::{Request, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_auth::{AuthContext, Message, provider::AllowlistAuth, webhook::WebhookLayer};

/// Given to Telegram as `secret_token` of `setWebhook`; yours comes from `openssl rand -hex 32`.
const SECRET: &str = "test-secret-token";
const ADDRESS: &str = "127.0.0.1:3010";

/// Telegram takes the answer to a delivery as a call of its API.
async fn update(
    caller: AuthContext,
    Extension(message): Extension<Message>,
    Json(update): Json<Value>,
) -> Json<Value> {
    let said = update.pointer("/message/text").and_then(Value::as_str);
    let said = said.unwrap_or("nothing");
    let reply = format!("user {}, you said: {said}", caller.user_id());
    Json(json!({"method": "sendMessage", "chat_id": message.chat_id(), "text": reply}))
}

fn app() -> Result<Router, tower_auth::ConfigError> {
    let allowed = AllowlistAuth::on_platforms(["telegram"], ["42"])?;
    let layer = WebhookLayer::telegram(SECRET)?.allow(allowed);
    Ok(Router::new().route("/hooks/telegram", post(update).layer(layer)))
}

fn body(update_id: u32, user: i64) -> String {
    json!({
        "update_id": update_id,
        "message": {"message_id": 1, "date": 1, "text": "/start",
                    "from": {"id": user, "is_bot": false, "first_name": "Ada"},
                    "chat": {"id": user, "type": "private"}},
    })
    .to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("telegram_bot: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let argument = env::args().nth(1);
    if argument.as_deref() == Some("--once") {
        return ask_once().await;
    }
    let address = argument.as_deref().unwrap_or(ADDRESS);
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| {
        format!("cannot listen on {address}: {error}; `-- HOST:PORT` names another address")
    })?;
    println!(
        "curl -i http://{}/hooks/telegram -H 'content-type: application/json' \
         -H 'x-telegram-bot-api-secret-token: {SECRET}' -d '{}'",
        listener.local_addr()?,
        body(1, 42)
    );
    // With the peer's address, so that no peer keeps the others' deliveries from being read.
    let app = app()?.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}

async fn ask_once() -> Result<(), Box<dyn Error>> {
    let app = app()?;
    for (who, secret, user, status, is_answered) in [
        ("a user on the list", SECRET, 42, StatusCode::OK, true),
        // An error would make Telegram send it again.
        ("another user      ", SECRET, 43, StatusCode::OK, false),
        (
            "not from Telegram ",
            "guessed",
            42,
            StatusCode::UNAUTHORIZED,
            false,
        ),
    ] {
        let request = Request::post("/hooks/telegram")
            .header("content-type", "application/json")
            .header("x-telegram-bot-api-secret-token", secret)
            .body(Body::from(body(1, user)))?;
        let response = app.clone().oneshot(request).await?;
        let answered = response.status();
        let said = axum::body::to_bytes(response.into_body(), 4096).await?;
        let said = String::from_utf8(said.to_vec())?;
        println!("{who}  {answered} {said}");
        assert_eq!(
            (answered, said.contains("sendMessage")),
            (status, is_answered)
        );
    }
    Ok(())
}
