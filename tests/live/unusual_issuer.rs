//! The certified provider where issuers differ from the usual one: inside a private network, behind a
//! bearer, or with tokens that have no `aud`.

use crate::common;

use std::time::Duration;

use common::{
    bearer::{accepted, reason, unavailable},
    oidc::OidcProvider,
    tls,
};
use serde_json::json;
use tower_auth::{
    provider::{IntrospectionAuth, OAuth2Auth},
    testing::ManualClock,
};

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn a_provider_behind_tls_is_asked_with_its_private_ca_and_without_it_never() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let port = provider.issuer().rsplit(':').next().unwrap();
    let front = tls::TlsFront::start(port.parse().unwrap()).await;
    let issuer = front.url("");
    provider.control("issuer", &json!({ "issuer": issuer }));
    let token = provider.access_token("ES256");

    let tokens = OAuth2Auth::new(issuer.as_str(), provider.audience("ES256")).unwrap();
    assert_eq!(unavailable(&tokens, &token).await, "jwks_unavailable");
    assert_eq!(provider.seen(DISCOVERY), 0);
    let tokens = tokens.with_ca_file(tls::path("authority.crt")).unwrap();
    let context = accepted(&tokens, &token).await;
    assert_eq!(context.issuer(), Some(issuer.as_str()));
    assert_eq!((provider.seen(DISCOVERY), provider.seen("/jwks")), (1, 1));

    let (id, secret) = provider.client("resource_server");
    let endpoint = front.url("/token/introspection");
    let opaque = IntrospectionAuth::new(&endpoint, id, secret)
        .unwrap()
        .with_audience(provider.audience("opaque"))
        .accept_clients();
    let token = provider.access_token("opaque");
    assert_eq!(unavailable(&opaque, &token).await, "endpoint_failed");
    let opaque = opaque.with_ca_file(tls::path("authority.crt")).unwrap();
    accepted(&opaque, &token).await;
}

#[tokio::test]
async fn a_provider_of_a_private_network_is_asked_over_plain_http_by_name() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    // This machine's own address, written as no loopback address is.
    let issuer = provider.issuer().replace("127.0.0.1", "0.0.0.0");
    provider.control("issuer", &json!({ "issuer": issuer }));
    let token = provider.access_token("ES256");
    let audience = provider.audience("ES256");
    assert!(OAuth2Auth::new(issuer.as_str(), audience).is_err());
    let tokens = OAuth2Auth::insecure_allow_http(issuer.as_str(), audience).unwrap();
    let context = accepted(&tokens, &token).await;
    assert_eq!(context.issuer(), Some(issuer.as_str()));
}

#[tokio::test]
async fn tokens_without_aud_are_accepted_for_their_client_through_rotation_and_outage() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let clock = ManualClock::now();
    let of_client = |client: &str| {
        OAuth2Auth::new(provider.issuer(), client)
            .unwrap()
            .with_audience_claim("client_id")
            .require_claim("token_use", "access")
            .with_clock(clock.clock())
    };
    let (tokens, others) = (of_client("agent"), of_client("resource-server"));
    let usual = OAuth2Auth::new(provider.issuer(), "agent").unwrap();
    let token = provider.access_token("no_aud");
    assert_eq!(reason(&usual, &token).await, "jwt_aud_missing");
    let context = accepted(&tokens, &token).await;
    assert_eq!(
        context.claim::<String>("token_use").unwrap().as_deref(),
        Some("access")
    );
    assert_eq!(reason(&others, &token).await, "jwt_aud_mismatch");
    // This one has `aud`, which must name the client too.
    let with_aud = provider.access_token("RS256");
    assert_eq!(reason(&tokens, &with_aud).await, "jwt_aud_mismatch");

    provider.control("rotate", &json!({"keep_old": false}));
    accepted(&tokens, &provider.access_token("no_aud")).await;
    assert_eq!(reason(&tokens, &token).await, "jwt_kid_withdrawn");
    provider.control("fault", &json!({"path": "/jwks", "status": 502}));
    clock.advance(Duration::from_secs(60));
    accepted(&tokens, &provider.access_token("no_aud")).await;
}

#[tokio::test]
async fn a_key_set_behind_a_bearer_is_fetched_with_the_token_that_its_file_holds_now() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let guard = |bearer: &str| {
        for path in [DISCOVERY, "/jwks"] {
            let only = json!({
                "path": path, "status": 401, "unless_authorization": format!("Bearer {bearer}"),
            });
            provider.control("fault", &only);
        }
    };
    let name = format!("tower-auth-key-set-bearer-{}", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, "first\n").unwrap();
    guard("first");
    let plain = OAuth2Auth::new(provider.issuer(), provider.audience("ES256")).unwrap();
    let tokens = plain.clone().with_key_set_bearer_file(&file);
    let token = provider.access_token("ES256");
    assert_eq!(unavailable(&plain, &token).await, "jwks_unavailable");
    accepted(&tokens, &token).await;

    guard("second");
    std::fs::write(&file, "second\n").unwrap();
    provider.control("rotate", &json!({}));
    accepted(&tokens, &provider.access_token("ES256")).await;
    let _left_over_at_worst = std::fs::remove_file(&file);
}
