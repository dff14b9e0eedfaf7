//! API keys: each with a name, one of them revoked while the server runs.

use std::error::Error;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

async fn whoami(caller: AuthContext) -> String {
    caller.user_id().to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Made with `openssl rand -base64 32` each, and read from where your secrets are kept.
    let keys = ApiKeyAuth::new([
        ApiKeyRecord::new("frontend", "sk-frontend-7d1c")?.with_scopes(["graph:invoke"]),
        ApiKeyRecord::new("nightly", "sk-nightly-52aa")?,
    ])?;
    let handle = keys.handle();
    let app = Router::new()
        .route("/whoami", get(whoami))
        .layer(AuthLayer::new(keys));

    let (status, body) = call(&app, "x-api-key", "sk-frontend-7d1c").await?;
    println!("a key in its header     {status}: {body}");
    assert_eq!((status, &*body), (StatusCode::OK, "frontend"));

    let (status, body) = call(&app, "authorization", "Bearer sk-nightly-52aa").await?;
    println!("a key as bearer token   {status}: {body}");
    assert_eq!((status, &*body), (StatusCode::OK, "nightly"));

    handle.revoke("nightly")?;
    let (revoked, after) = call(&app, "x-api-key", "sk-nightly-52aa").await?;
    println!("the same key, revoked   {revoked}: {after}");
    assert_eq!(revoked, StatusCode::UNAUTHORIZED);

    let (unknown, body) = call(&app, "x-api-key", "sk-guessed").await?;
    println!("a key nobody has        {unknown}: {body}");
    // A guesser does not learn which keys there once were.
    assert_eq!((unknown, body), (revoked, after));
    Ok(())
}

async fn call(
    app: &Router,
    header: &str,
    value: &str,
) -> Result<(StatusCode, String), Box<dyn Error>> {
    let request = Request::get("/whoami").header(header, value);
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8(body.into())?))
}
