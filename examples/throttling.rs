//! Limits: guesses stopped early, callers held to their quota, a known key never locked out.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, routing::post};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer,
    provider::ApiKeyAuth,
    throttle::{Attempts, Limit, Requests, TrustedProxies},
};

/// A run that costs as much as it turned out to be work.
async fn run(caller: AuthContext) -> &'static str {
    caller.charge(2); // three units together with the request itself
    "ran"
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let requests = Requests::new([
        Limit::by_caller("100 per minute".parse()?),
        Limit::by_caller("12 per hour".parse()?)
            .with_name("runs")?
            .for_route("/run")?,
    ])?
    .with_max_running(4);
    let auth = AuthLayer::new(ApiKeyAuth::new([KEY, NEW_KEY])?)
        .throttle_attempts(Attempts::new("5 per minute".parse()?))
        .throttle_requests(requests)
        // nginx in front of it writes `X-Forwarded-For`.
        .with_trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?);
    let app = Router::new()
        .route("/run", post(run))
        .route("/ping", post(async || "pong"))
        .layer(auth);

    // A server learns the peer from `into_make_service_with_connect_info::<SocketAddr>()`.
    let (office, home) = ("203.0.113.7", "198.51.100.1");
    let answer = call(&app, office, "/ping", KEY).await?;
    println!(
        "a key from the office    {} {}",
        answer.status, answer.limit
    );
    assert_eq!(answer.limit, "\"caller\";r=99;t=1");

    for number in 0..5 {
        let guess = call(&app, office, "/ping", &format!("guess-{number}")).await?;
        assert_eq!(guess.status, 401);
    }
    let refused = call(&app, office, "/ping", "guess-5").await?;
    println!(
        "a sixth guess from there {} {}",
        refused.status, refused.limit
    );
    assert_eq!(refused.status, 429);

    let known = call(&app, office, "/ping", KEY).await?.status;
    let right = call(&app, office, "/ping", NEW_KEY).await?.status;
    let elsewhere = call(&app, home, "/ping", NEW_KEY).await?.status;
    println!("the key of the office    {known}");
    println!("a key never seen there   {right}, from elsewhere {elsewhere}");
    assert_eq!([known, right, elsewhere], [200, 429, 200]);

    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(call(&app, home, "/run", NEW_KEY).await?.status);
    }
    println!("runs of three units      {statuses:?}");
    assert_eq!(statuses, [200, 200, 200, 200, 429]);
    Ok(())
}

struct Answer {
    status: u16,
    /// What is left, and in how many seconds there is more.
    limit: String,
}

/// A request that came through the proxy from that client.
async fn call(app: &Router, client: &str, path: &str, key: &str) -> Result<Answer, Box<dyn Error>> {
    let proxy = SocketAddr::new("10.0.0.1".parse::<IpAddr>()?, 4711);
    let request = Request::post(path)
        .extension(ConnectInfo(proxy))
        .header("x-forwarded-for", client)
        .header("x-api-key", key)
        .body(Body::empty())?;
    let response = app.clone().oneshot(request).await?;
    let limit = response.headers().get("ratelimit");
    Ok(Answer {
        status: response.status().as_u16(),
        limit: limit.map_or(Ok(""), |limit| limit.to_str())?.to_owned(),
    })
}

const KEY: &str = "sk-frontend-7d1c52aa90e3";
const NEW_KEY: &str = "sk-nightly-3b8f01d6c47a";
