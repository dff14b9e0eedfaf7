//! A WebSocket that is closed when the key of its caller is revoked.
//!
//! `cargo run --example websocket`: it serves on a free port, and asks itself with a real client.
//! An upgraded connection has no response body that a layer could end, so the handler waits for the
//! end of the credential beside the next message, and says why it closes: 4401, in the range of codes
//! for applications (RFC 6455 §7.4.2), is what a 401 is before the upgrade.

use std::error::Error;

use axum::{
    Router,
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    response::Response,
    routing::any,
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest},
};
use tower_auth::{
    AuthContext, AuthLayer,
    keys::{KeyRequest, ManagedKeys, MemoryKeyStore},
};

async fn chat(upgrade: WebSocketUpgrade, caller: AuthContext) -> Response {
    upgrade.on_upgrade(|socket| echo(socket, caller))
}

/// Says again what the caller says, as long as the caller's credential counts.
async fn echo(mut socket: WebSocket, caller: AuthContext) {
    let mut ended = caller.ended();
    loop {
        let message = tokio::select! {
            // Before a message that is there: nothing is answered any more.
            biased;
            () = &mut ended => break,
            message = socket.recv() => message,
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                if socket.send(Message::Text(text)).await.is_err() {
                    return;
                }
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return,
        }
    }
    let why = CloseFrame {
        code: ENDED,
        reason: "the credential has ended".into(),
    };
    // A client that has gone needs no reason.
    let _ = socket.send(Message::Close(Some(why))).await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_demo")?;
    keys.open().await?;
    let app = Router::new()
        .route("/chat", any(chat))
        .layer(AuthLayer::new(keys.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });

    let admin = keys.as_operator("the example");
    let made = admin.create(KeyRequest::new("chat robot")).await?;
    let secret = made.secret().ok_or("the key is shown once")?;

    // Without a key there is no upgrade.
    let connection = TcpStream::connect(address).await?;
    let stranger = client_async(format!("ws://{address}/chat"), connection).await;
    assert!(matches!(stranger, Err(tungstenite::Error::Http(refused)) if refused.status() == 401));

    let mut request = format!("ws://{address}/chat").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("x-api-key", secret.expose().parse()?);
    let connection = TcpStream::connect(address).await?;
    let (mut socket, _) = client_async(request, connection).await?;
    socket.send(tungstenite::Message::text("hello")).await?;
    let said = socket.next().await.ok_or("it was closed")??;
    println!("said     {said}");
    assert_eq!(said.into_text()?.as_str(), "hello");

    admin
        .revoke(made.key().record().id(), "it was in a log")
        .await?;
    println!("revoked  the key");
    let last = socket.next().await.ok_or("it was cut off")??;
    let tungstenite::Message::Close(Some(why)) = last else {
        return Err(format!("it said {last} instead").into());
    };
    println!("closed   {} {}", u16::from(why.code), why.reason);
    assert_eq!(u16::from(why.code), ENDED);
    Ok(())
}

/// The code with which a connection is closed whose credential has ended.
const ENDED: u16 = 4401;
