//! A chat bot: who may talk to it stands on a list, and the web API beside it asks for keys.
//!
//! Both ask the same chain. The list judges messages only, so an id that somebody writes into a
//! web request proves nothing.

use std::error::Error;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::post,
};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, Message,
    provider::{AllowlistAuth, ApiKeyAuth, AuthProvider, CompositeAuth},
};

async fn run(caller: AuthContext) -> String {
    format!("hello {}", caller.user_id())
}

/// Called for each update that the bot's connection to the platform delivers.
async fn on_message(chain: &CompositeAuth, message: &Message) -> Result<String, AuthError> {
    let caller = chain
        .authenticate(&AuthRequest::message(message))
        .await?
        // No provider knows this platform.
        .ok_or_else(AuthError::missing_credential)?;
    Ok(run(caller).await)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let allowed = AllowlistAuth::on_platforms(["telegram"], ["42"])?.with_chat_ids(["-1001"])?;
    let chain = CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f03"])?).or(allowed);
    let app = Router::new()
        .route("/run", post(run))
        .layer(AuthLayer::new(chain.clone()));

    let ada = Message::new("telegram")
        .with_user_id(42)
        .with_chat_id(-1001);
    let reply = on_message(&chain, &ada).await?;
    println!("a user on the list       {reply}");
    assert_eq!(reply, "hello 42");

    for (who, stranger) in [
        ("another user            ", ada.clone().with_user_id(43)),
        ("the user, another chat  ", ada.clone().with_chat_id(-2002)),
        (
            "42 on another platform  ",
            Message::new("discord").with_user_id(42).with_chat_id(-1001),
        ),
    ] {
        let refusal = on_message(&chain, &stranger).await.err();
        let code = refusal.map(|error| error.code());
        println!("{who} {}", code.unwrap_or("let in"));
        assert!(code.is_some());
    }

    let forged = r#"{"platform": "telegram", "user_id": 42, "chat_id": -1001}"#;
    let request = Request::post("/run").body(Body::from(forged))?;
    let status = app.oneshot(request).await?.status();
    println!("ids in a request's body  {status}");
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    Ok(())
}
