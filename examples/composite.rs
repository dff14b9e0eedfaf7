//! Several ways in: people with tokens, machines with keys, and a probe that comes from inside.
//!
//! Providers are asked in order, and the first that accepts wins.

use std::error::Error;

use axum::{
    Router,
    body::Body,
    http::{HeaderName, Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use jsonwebtoken::{EncodingKey, Header, get_current_timestamp};
use serde_json::json;
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthResult, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth, JwtAuth, provider_fn},
};

async fn whoami(caller: AuthContext) -> String {
    format!("{} by {}", caller.user_id(), caller.method())
}

/// A provider can be as small as this.
fn probe(request: &AuthRequest<'_>) -> AuthResult {
    match request.header(PROBE.as_str()) {
        None => Ok(None),
        Some("blackbox") => Ok(Some(AuthContext::new("blackbox").with_method("probe"))),
        Some(_) => Err(AuthError::invalid_credential("unknown_probe")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let chain = CompositeAuth::new(JwtAuth::hs256(SECRET)?.with_audience("my-agent"))
        .or(ApiKeyAuth::new([ApiKeyRecord::new(
            "nightly",
            "sk-nightly-52aa",
        )?])?)
        .or(provider_fn(probe)
            .with_credentials([CredentialSource::header(PROBE)])
            .with_name("probe"));
    let app = Router::new()
        .route("/whoami", get(whoami))
        .layer(AuthLayer::new(chain));

    let now = get_current_timestamp();
    let (token, expired) = (token("ada", now + 600)?, token("ada", now - 600)?);
    for (header, value, status, says) in [
        ("authorization", &*token, StatusCode::OK, "ada by jwt"),
        (
            "x-api-key",
            "sk-nightly-52aa",
            StatusCode::OK,
            "nightly by api_key",
        ),
        ("x-probe", "blackbox", StatusCode::OK, "blackbox by probe"),
        // Of all refusals the caller reads the one that tells most.
        (
            "authorization",
            &expired,
            StatusCode::UNAUTHORIZED,
            "expired_credential",
        ),
        (
            "x-probe",
            "guessed",
            StatusCode::UNAUTHORIZED,
            "invalid_credential",
        ),
        (
            "x-other",
            "anything",
            StatusCode::UNAUTHORIZED,
            "missing_credential",
        ),
    ] {
        let request = Request::get("/whoami").header(header, value);
        let response = app.clone().oneshot(request.body(Body::empty())?).await?;
        assert_eq!(response.status(), status);
        let body = response.into_body().collect().await?.to_bytes();
        let body = String::from_utf8(body.into())?;
        println!("{header:<14} {status}: {body}");
        assert!(body.contains(says));
    }
    Ok(())
}

fn token(user_id: &str, exp: u64) -> jsonwebtoken::errors::Result<String> {
    let claims = json!({"sub": user_id, "aud": "my-agent", "exp": exp});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key)?;
    Ok(format!("Bearer {token}"))
}

const PROBE: HeaderName = HeaderName::from_static("x-probe");
const SECRET: &str = "an example secret of 32 bytes at least";
