//! Tokens (JWT) that another service signs with a shared secret.
//!
//! Where it signs with a private key, `JwtAuth::new(Key::from_pem(…))` takes the public one.

use std::error::Error;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use jsonwebtoken::{EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_auth::{AuthContext, AuthLayer, provider::JwtAuth};

async fn whoami(caller: AuthContext) -> Result<String, StatusCode> {
    let team: Option<String> = caller.claim("team").map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(format!(
        "{} of team {}",
        caller.user_id(),
        team.unwrap_or_default()
    ))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tokens = JwtAuth::hs256(SECRET)?
        // A token for another service that shares the secret is not meant for this one.
        .with_audience("my-agent")
        .with_issuer("https://login.example");
    let app = Router::new()
        .route("/whoami", get(whoami))
        .layer(AuthLayer::new(tokens));

    let now = get_current_timestamp();
    let good = json!({
        "sub": "ada", "team": "blue",
        "aud": "my-agent", "iss": "https://login.example", "exp": now + 600,
    });
    let (status, body) = call(&app, &signed(&good, SECRET)?).await?;
    println!("a good token          {status}: {body}");
    assert_eq!((status, &*body), (StatusCode::OK, "ada of team blue"));

    for (what, claim, value, code) in [
        (
            "expired              ",
            "exp",
            json!(now - 600),
            "expired_credential",
        ),
        (
            "for another service  ",
            "aud",
            json!("billing"),
            "invalid_credential",
        ),
        (
            "from somebody else   ",
            "iss",
            json!("https://evil.example"),
            "invalid_credential",
        ),
        (
            "of nobody            ",
            "sub",
            Value::Null,
            "invalid_credential",
        ),
        (
            "that never expires   ",
            "exp",
            Value::Null,
            "invalid_credential",
        ),
    ] {
        let mut claims = good.clone();
        if let Some(claims) = claims.as_object_mut() {
            claims.insert(claim.into(), value);
            claims.retain(|_, value| !value.is_null());
        }
        let (status, body) = call(&app, &signed(&claims, SECRET)?).await?;
        println!("{what} {status}: {body}");
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(body.contains(code));
    }

    let (status, body) = call(&app, &signed(&good, "a secret of somebody else's making")?).await?;
    println!("with another secret   {status}: {body}");
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    Ok(())
}

/// What the other service does.
fn signed(claims: &Value, secret: &str) -> jsonwebtoken::errors::Result<String> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key)
}

async fn call(app: &Router, token: &str) -> Result<(StatusCode, String), Box<dyn Error>> {
    let request = Request::get("/whoami").header("authorization", format!("Bearer {token}"));
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8(body.into())?))
}

/// Yours comes from `openssl rand -hex 32`, and from where your secrets are kept.
const SECRET: &str = "an example secret of 32 bytes at least";
