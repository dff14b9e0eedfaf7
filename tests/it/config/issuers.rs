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
    format!("auth: {{oauth2: {}}}", block(issuer, more))
}

fn block(issuer: &TestIssuer, more: &str) -> String {
    let audience = TestIssuer::AUDIENCE;
    let url = issuer.url();
    format!("{{issuer: '{url}', audience: '{audience}'{more}}}")
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
    let shown = bearer(&issuer.token().with_audience("another").mint());
    let headers = [("authorization", &*shown)];
    assert_eq!(ask(&app, "POST /run", &headers).await.status(), 200);
    assert_eq!(issuer.requests(IssuerEndpoint::Jwks), 2);
}

#[tokio::test]
async fn each_of_several_issuers_is_judged_by_its_own_keys_and_settings() {
    let (staff, partners) = (issuer(), issuer());
    let blocks = [block(&staff, ""), block(&partners, ", scope_claim: scp")].join(", ");
    let app = super::files::app(
        yaml(&format!("auth: {{oauth2: [{blocks}]}}"))
            .into_layer()
            .unwrap(),
    );
    let stranger = issuer();
    let claim_of_another = staff.token().with_claim("iss", partners.url()).mint();
    for (token, code) in [
        (staff.token().mint(), 200),
        (partners.token().mint(), 200),
        (claim_of_another, 401),
        (stranger.token().mint(), 401),
    ] {
        let shown = bearer(&token);
        let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer.status(), code);
    }
}

#[tokio::test]
async fn reload_keeps_the_keys_of_each_issuer_that_stays() {
    let (staff, partners) = (issuer(), issuer());
    let name = format!("tower-auth-issuers-{}.yaml", std::process::id());
    let file = std::env::temp_dir().join(name);
    let write = |blocks: &[String]| {
        let text = format!("auth: {{oauth2: [{}]}}", blocks.join(", "));
        std::fs::write(&file, text).unwrap();
    };
    write(&[block(&staff, ""), block(&partners, "")]);
    let (layer, handle) = ready(AuthConfig::from_file(&file))
        .into_reload_layer()
        .unwrap();
    let app = axum::Router::new()
        .route("/run", axum::routing::any(|| async { "ran" }))
        .layer(layer);
    let fetches = || {
        let fetches = |issuer: &TestIssuer| issuer.requests(IssuerEndpoint::Jwks);
        (fetches(&staff), fetches(&partners))
    };
    let both_pass = async || {
        for issuer in [&staff, &partners] {
            let shown = bearer(&issuer.token().mint());
            let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
            assert_eq!(answer.status(), 200);
        }
    };
    both_pass().await;
    assert_eq!(fetches(), (1, 1));

    // The other way round, and one with another setting: that one alone is another provider.
    write(&[
        block(&partners, ", strict_at_jwt: false"),
        block(&staff, ""),
    ]);
    handle.reload().unwrap();
    both_pass().await;
    assert_eq!(fetches(), (1, 2));

    // What stays of two is the same provider still.
    write(&[block(&staff, "")]);
    handle.reload().unwrap();
    std::fs::remove_file(&file).unwrap();
    let shown = bearer(&staff.token().mint());
    let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
    assert_eq!((answer.status().as_u16(), fetches()), (200, (1, 2)));
}

#[tokio::test]
async fn one_algorithm_needs_no_list() {
    let issuer = issuer();
    for (algorithms, code) in [("ES256", 200), ("RS256", 401), ("[ES256, RS256]", 200)] {
        let config = yaml(&text(&issuer, &format!(", algorithms: {algorithms}")));
        let app = super::files::app(config.into_layer().unwrap());
        let shown = bearer(&issuer.token().mint());
        let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer.status(), code, "{algorithms}");
    }
}
