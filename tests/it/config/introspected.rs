//! The `introspection` block with an endpoint that there is.

use tower_auth::{
    config::AuthConfig,
    testing::{IssuerEndpoint, ManualClock, TestIssuer},
};

use super::files::{NOW, app, bearer, faults, ready, yaml};
use crate::common::oneshot::ask;

fn issuer() -> TestIssuer {
    TestIssuer::builder()
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start()
}

fn config(issuer: &TestIssuer, more: &str) -> AuthConfig {
    let (endpoint, id, secret) = (
        issuer.endpoint(IssuerEndpoint::Introspection),
        TestIssuer::CLIENT_ID,
        TestIssuer::CLIENT_SECRET,
    );
    yaml(&format!(
        "auth: {{introspection: {{endpoint: '{endpoint}', client_id: '{id}', client_secret: \
         '{secret}'{more}}}}}"
    ))
}

async fn status(config: AuthConfig, token: &str) -> u16 {
    let app = app(config.into_layer().unwrap());
    let shown = bearer(token);
    let answer = ask(&app, "POST /run", &[("authorization", &shown)]).await;
    answer.status().as_u16()
}

#[tokio::test]
async fn opaque_token_is_accepted_where_the_endpoint_vouches_for_it() {
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    let audience = format!(", audience: {}", TestIssuer::AUDIENCE);
    assert_eq!(status(config(&issuer, &audience), &token).await, 200);
    assert_eq!(status(config(&issuer, &audience), "guess").await, 401);
    assert_eq!(
        status(config(&issuer, ", audience: another"), &token).await,
        401
    );
}

#[tokio::test]
async fn jwts_are_left_to_others_where_the_file_says_so() {
    let issuer = issuer();
    let jwt = issuer.token().mint();
    let set = ", ignore_jwts: true, cache_seconds: 0, clock_skew_seconds: 5, accept_clients: true";
    assert_eq!(status(config(&issuer, set), &jwt).await, 401);
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 0);
}

/// How often the endpoint is asked about one token before and after a reload of such files.
async fn questions_over_a_reload(before: &str, after: &str, secret_after: &str) -> [usize; 2] {
    let issuer = issuer();
    let name = format!(
        "tower-auth-introspected-{}-{}",
        std::process::id(),
        issuer.url().rsplit(':').next().unwrap()
    );
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let id = TestIssuer::CLIENT_ID;
    // Something else in the file changes in any case.
    let written = std::cell::Cell::new(false);
    let write = |more: &str, secret: &str| {
        let text = format!(
            "auth: {{introspection: {{endpoint: '{endpoint}', client_id: '{id}', \
             client_secret_file: secret{more}}}, dev_docs: {}}}",
            written.replace(true)
        );
        std::fs::write(folder.join("auth.yaml"), text).unwrap();
        std::fs::write(folder.join("secret"), secret).unwrap();
    };
    write(before, TestIssuer::CLIENT_SECRET);
    let config = AuthConfig::from_file(folder.join("auth.yaml"));
    let (layer, handle) = ready(config).into_reload_layer().unwrap();
    let app = axum::Router::new()
        .route("/run", axum::routing::any(|| async { "ran" }))
        .layer(layer);
    let shown = bearer(&issuer.token().mint_opaque());
    let headers = [("authorization", &*shown)];
    ask(&app, "POST /run", &headers).await;
    let first = issuer.requests(IssuerEndpoint::Introspection);
    write(after, secret_after);
    handle.reload().unwrap();
    ask(&app, "POST /run", &headers).await;
    std::fs::remove_dir_all(&folder).unwrap();
    [first, issuer.requests(IssuerEndpoint::Introspection)]
}

#[tokio::test]
async fn reload_keeps_what_is_known_of_tokens_where_the_block_says_the_same() {
    let asked = questions_over_a_reload(
        ", cache_seconds: 20",
        ", cache_seconds: 20",
        TestIssuer::CLIENT_SECRET,
    );
    assert_eq!(asked.await, [1, 1]);
}

#[tokio::test]
async fn reload_forgets_what_is_known_of_tokens_where_the_block_says_something_else() {
    for more in [
        ", audience: another",
        ", issuer: 'https://a.example'",
        ", cache_seconds: 1",
    ] {
        let asked = questions_over_a_reload("", more, TestIssuer::CLIENT_SECRET);
        assert_eq!(asked.await, [1, 2], "{more}");
    }
}

#[tokio::test]
async fn reload_forgets_what_is_known_of_tokens_where_the_secret_is_another() {
    let asked = questions_over_a_reload("", "", "another secret of some length");
    assert_eq!(asked.await, [1, 2]);
}

#[test]
fn introspection_without_an_audience_is_a_warning() {
    let setup = config(&issuer(), "").build().unwrap();
    let said = setup.summary().warnings();
    assert!(said[0].contains("names no audience"), "{said:?}");
    let setup = config(&issuer(), ", audience: a").build().unwrap();
    assert!(setup.summary().warnings().is_empty());
}

#[test]
fn this_server_is_known_to_the_endpoint_in_exactly_one_way() {
    for (ways, said) in [
        ("", "answers nobody it does not know"),
        (", client_id: a", "`client_secret` is missing"),
        (", client_secret: s", "`client_id` is missing"),
        (", client_id: a, client_secret: s, bearer_token: t", "both"),
        (", client_id: a, bearer_token: t", "both"),
        (
            ", client_secret: s, client_secret_file: f, client_id: a",
            "both",
        ),
    ] {
        let text = format!("auth: {{introspection: {{endpoint: 'https://a.example'{ways}}}}}");
        let told = faults(yaml(&text));
        assert!(told.faults()[0].message().contains(said), "{ways}: {told}");
    }
    let text = "auth: {introspection: {endpoint: 'https://a.example', bearer_token: t}}";
    assert!(yaml(text).build().is_ok());
}
