//! A GitHub webhook: signed with a shared secret, handled once.
//!
//! `cargo run --example github_webhook` serves, and prints a request to paste; `-- HOST:PORT` names
//! another address. With `--once` it asks itself, and ends.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal},
    net::SocketAddr,
    process::ExitCode,
};

use axum::{
    Json, Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
    routing::post,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_auth::{
    AuthContext,
    webhook::{HmacScheme, WebhookLayer, WebhookSigner},
};

/// As it stands in the webhook's settings; yours comes from `openssl rand -hex 32`.
const SECRET: &str = "test-secret";
const ADDRESS: &str = "127.0.0.1:3011";
const BODY: &str = r#"{"zen":"Keep it logically awesome.","hook_id":7}"#;

async fn push(caller: AuthContext, headers: HeaderMap, Json(event): Json<Value>) -> String {
    // Not signed: believe it as far as the body bears it out.
    let kind = headers
        .get("x-github-event")
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("an event");
    let hook = event
        .get("hook_id")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    format!("{} sent {kind} of hook {hook}", caller.user_id())
}

fn app() -> Result<Router, tower_auth::ConfigError> {
    let layer = WebhookLayer::github(SECRET)?;
    Ok(Router::new().route("/hooks/github", post(push).layer(layer)))
}

/// What GitHub puts into `X-Hub-Signature-256`.
fn signature(body: &str) -> Result<String, Box<dyn Error>> {
    let scheme = HmacScheme::new("x-hub-signature-256")?.with_prefix("sha256=")?;
    let headers = WebhookSigner::hmac(scheme, SECRET)?.sign("unused", body.as_bytes())?;
    let signature = headers.get("x-hub-signature-256").ok_or("no signature")?;
    Ok(signature.to_str()?.to_owned())
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
            eprintln!("github_webhook: {error}");
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
        "curl -i http://{}/hooks/github -H 'content-type: application/json' \
         -H 'x-github-event: ping' -H 'x-hub-signature-256: {}' -d '{BODY}'",
        listener.local_addr()?,
        signature(BODY)?
    );
    // With the peer's address, so that no peer keeps the others' deliveries from being read.
    let app = app()?.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}

async fn ask_once() -> Result<(), Box<dyn Error>> {
    let app = app()?;
    let changed = BODY.replace('7', "8");
    let refused = StatusCode::UNAUTHORIZED;
    for (what, id, body, status, is_handled) in [
        ("as GitHub sent it", "72d3162e", BODY, StatusCode::OK, true),
        ("the same again   ", "72d3162e", BODY, StatusCode::OK, false),
        ("an equal event   ", "0b989ba4", BODY, StatusCode::OK, true),
        ("another body     ", "deadbeef", &changed, refused, false),
    ] {
        let request = Request::post("/hooks/github")
            .header("content-type", "application/json")
            .header("x-github-event", "ping")
            .header("x-github-delivery", id)
            .header("x-hub-signature-256", signature(BODY)?)
            .body(Body::from(body.to_owned()))?;
        let response = app.clone().oneshot(request).await?;
        let answered = response.status();
        let said = axum::body::to_bytes(response.into_body(), 4096).await?;
        let said = String::from_utf8(said.to_vec())?;
        println!("{what}  {answered} {said}");
        assert_eq!((answered, said.contains("sent ping")), (status, is_handled));
    }
    Ok(())
}
