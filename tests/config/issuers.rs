//! The `oauth2` block with an issuer that there is.

use tower_auth::{
    config::AuthConfig,
    jose::Algorithm,
    testing::{IssuerEndpoint, ManualClock, TestIssuer},
};

use super::files::{NOW, bearer, ready, yaml};
use crate::common::oneshot::ask;

fn issuer() -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start()
}

fn text(issuer: &TestIssuer, more: &str) -> String {
    let audience = TestIssuer::AUDIENCE;
    let url = issuer.url();
    format!("auth: {{oauth2: {{issuer: '{url}', audience: '{audience}'{more}}}}}")
}

#[tokio::test]
async fn token_of_the_issuer_is_accepted_and_others_are_not() {
    let issuer = issuer();
    let app = super::files::app(yaml(&text(&issuer, "")).into_layer().unwrap());
    for (token, code) in [
        (issuer.token().mint(), 200),
        (issuer.token().with_audience("another").mint(), 401),
        (issuer.token().without_claim("exp").mint(), 401),
    ] {
        let shown = bearer(&token);
        let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer.status(), code);
    }
    assert_eq!(ask(&app, "POST /run", &[]).await.status(), 401);
}

#[tokio::test]
async fn algorithm_that_is_not_listed_is_refused() {
    let issuer = issuer();
    let config = yaml(&text(&issuer, ", algorithms: [RS256]"));
    let app = super::files::app(config.into_layer().unwrap());
    let shown = bearer(&issuer.token().mint());
    let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn reload_keeps_the_keys_of_an_issuer_that_stays() {
    let issuer = issuer();
    let name = format!("tower-auth-issuer-{}.yaml", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, text(&issuer, "")).unwrap();
    let (layer, handle) = ready(AuthConfig::from_file(&file))
        .into_reload_layer()
        .unwrap();
    let app = axum::Router::new()
        .route("/run", axum::routing::any(|| async { "ran" }))
        .layer(layer);
    let shown = bearer(&issuer.token().mint());
    let headers = [("authorization", &*shown)];
    assert_eq!(ask(&app, "POST /run", &headers).await.status(), 200);

    std::fs::write(
        &file,
        text(&issuer, "").replace("auth: {", "auth: {realm: r, "),
    )
    .unwrap();
    handle.reload().unwrap();
    assert_eq!(ask(&app, "POST /run", &headers).await.status(), 200);
    assert_eq!(issuer.requests(IssuerEndpoint::Jwks), 1);

    // With other settings it is another provider, and nothing of the old one counts.
    let other = text(&issuer, "").replace(TestIssuer::AUDIENCE, "another");
    std::fs::write(&file, other).unwrap();
    handle.reload().unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ask(&app, "POST /run", &headers).await.status(), 401);
    assert_eq!(issuer.requests(IssuerEndpoint::Jwks), 2);
}
