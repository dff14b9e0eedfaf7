//! Discord interactions: pings answered, signatures verified, and a list of who may.
//!
//! `cargo run --example discord_interactions` serves, and prints a request to paste that is good
//! for five minutes; `-- HOST:PORT` names another address. With `--once` it asks itself, and ends.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal},
    net::SocketAddr,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::{
    Json, Router,
    body::Body,
    http::{Request, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_auth::{AuthContext, provider::AllowlistAuth, webhook::WebhookLayer};

const ADDRESS: &str = "127.0.0.1:3012";

async fn interaction(caller: AuthContext, Json(body): Json<Value>) -> Json<Value> {
    let command = body.pointer("/data/name").and_then(Value::as_str);
    let command = command.unwrap_or("nothing");
    let reply = format!("user {} asked for {command}", caller.user_id());
    Json(json!({"type": 4, "data": {"content": reply}}))
}

/// `public_key` stands in the application's general information.
fn app(public_key: &str) -> Result<Router, tower_auth::ConfigError> {
    let allowed = AllowlistAuth::on_platforms(["discord"], ["80351110224678912"])?;
    let layer = WebhookLayer::discord(public_key)?.allow(allowed);
    Ok(Router::new().route("/hooks/discord", post(interaction).layer(layer)))
}

/// Stands in for Discord, which alone has the private key of your application.
struct Discord(Ed25519KeyPair);

impl Discord {
    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self(Ed25519KeyPair::from_seed_unchecked(&[9; 32])?))
    }

    fn public_key(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// The two headers.
    fn sign(&self, body: &str) -> Result<[(&'static str, String); 2], Box<dyn Error>> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)?
            .as_secs()
            .to_string();
        let signature = self.0.sign(format!("{now}{body}").as_bytes());
        Ok([
            ("x-signature-ed25519", hex(signature.as_ref())),
            ("x-signature-timestamp", now),
        ])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn command(id: &str, user: &str) -> String {
    json!({
        "type": 2, "id": id, "application_id": "2", "token": "t", "channel_id": "3",
        "member": {"user": {"id": user, "username": "ada"}},
        "data": {"id": "4", "name": "weather", "type": 1},
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
            eprintln!("discord_interactions: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let discord = Discord::new()?;
    let argument = env::args().nth(1);
    if argument.as_deref() == Some("--once") {
        return ask_once(&discord).await;
    }
    let body = command("1", "80351110224678912");
    let [(one, signature), (other, time)] = discord.sign(&body)?;
    let address = argument.as_deref().unwrap_or(ADDRESS);
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| {
        format!("cannot listen on {address}: {error}; `-- HOST:PORT` names another address")
    })?;
    println!(
        "curl -i http://{}/hooks/discord -H 'content-type: application/json' \
         -H '{one}: {signature}' -H '{other}: {time}' -d '{body}'",
        listener.local_addr()?
    );
    // With the peer's address, so that no peer keeps the others' deliveries from being read.
    let app = app(&discord.public_key())?.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}

async fn ask_once(discord: &Discord) -> Result<(), Box<dyn Error>> {
    let app = app(&discord.public_key())?;
    let ping = r#"{"type":1,"id":"1","application_id":"2"}"#.to_owned();
    for (what, body, is_signed, status, said) in [
        (
            "a ping             ",
            ping.clone(),
            true,
            StatusCode::OK,
            r#"{"type":1}"#,
        ),
        (
            "an unsigned ping   ",
            ping,
            false,
            StatusCode::UNAUTHORIZED,
            "invalid_credential",
        ),
        (
            "a user on the list ",
            command("2", "80351110224678912"),
            true,
            StatusCode::OK,
            "asked for weather",
        ),
        // Only they see it, and Discord does not show an error.
        (
            "another user       ",
            command("3", "43"),
            true,
            StatusCode::OK,
            "not on the list",
        ),
    ] {
        let [(one, signature), (other, time)] = discord.sign(&body)?;
        let signature = if is_signed {
            signature
        } else {
            "0".repeat(128)
        };
        let request = Request::post("/hooks/discord")
            .header("content-type", "application/json")
            .header(one, signature)
            .header(other, time)
            .body(Body::from(body))?;
        let response = app.clone().oneshot(request).await?;
        let answered = response.status();
        let text = axum::body::to_bytes(response.into_body(), 4096).await?;
        let text = String::from_utf8(text.to_vec())?;
        println!("{what} {answered} {text}");
        assert!(answered == status && text.contains(said));
    }
    Ok(())
}
