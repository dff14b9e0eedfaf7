//! Where an issuer's keys are found.

use http::Response;
use serde_json::json;
use tower_auth::{
    ConfigErrorKind,
    provider::OAuth2Auth,
    testing::{
        Fault,
        IssuerEndpoint::{self, Jwks, OAuthMetadata, OpenIdConfiguration, WellKnownJwks},
    },
};

use crate::oauth2::world::*;

#[tokio::test]
async fn a_given_jwks_uri_is_all_that_is_asked() {
    let world = World::new();
    let provider = world
        .provider()
        .with_jwks_uri(&world.issuer.endpoint(Jwks))
        .unwrap();
    provider.verify(&world.token().mint()).await.unwrap();
    assert_eq!(asked(&world), [Jwks]);
}

#[tokio::test]
async fn oidc_discovery_comes_first() {
    let world = World::new();
    world.warm().await;
    assert_eq!(asked(&world), [OpenIdConfiguration, Jwks]);
}

#[tokio::test]
async fn not_found_moves_on_to_rfc_8414() {
    let world = World::new();
    world.issuer.fail(OpenIdConfiguration, Fault::Status(404));
    world.warm().await;
    assert_eq!(asked(&world), [OpenIdConfiguration, OAuthMetadata, Jwks]);
}

#[tokio::test]
async fn the_path_of_an_issuer_has_its_place_in_every_address() {
    for (missing, expected) in [
        (vec![], vec![OpenIdConfiguration, Jwks]),
        (
            vec![OpenIdConfiguration],
            vec![OpenIdConfiguration, OAuthMetadata, Jwks],
        ),
        (
            vec![OpenIdConfiguration, OAuthMetadata],
            vec![OpenIdConfiguration, OAuthMetadata, WellKnownJwks],
        ),
    ] {
        let world = World::at_path("/tenants/a%20b");
        for endpoint in missing {
            world.issuer.fail(endpoint, Fault::Status(404));
        }
        let provider = world.warm().await;
        assert!(provider.verify(&world.token().mint()).await.is_ok());
        assert_eq!(asked(&world), expected);
    }
}

#[tokio::test]
async fn not_found_twice_moves_on_to_the_well_known_key_set() {
    let world = World::new();
    world.issuer.fail(OpenIdConfiguration, Fault::Status(404));
    world.issuer.fail(OAuthMetadata, Fault::Status(404));
    world.warm().await;
    assert_eq!(
        asked(&world),
        [OpenIdConfiguration, OAuthMetadata, WellKnownJwks]
    );
}

#[tokio::test]
async fn nothing_found_anywhere_is_503() {
    let world = World::new();
    world.issuer.fail_everywhere(&Fault::Status(404));
    let token = world.token().mint();
    assert_eq!(
        unavailable(world.provider().verify(&token).await).0,
        "jwks_unavailable"
    );
}

#[tokio::test]
async fn nothing_but_not_found_moves_on() {
    let others = [
        200, 204, 301, 304, 400, 401, 403, 405, 410, 429, 500, 502, 503,
    ];
    for status in others {
        stays_at(OpenIdConfiguration, &Fault::Status(status)).await;
        stays_at(OAuthMetadata, &Fault::Status(status)).await;
    }
    for endpoint in [OpenIdConfiguration, OAuthMetadata] {
        for fault in [Fault::Garbage, Fault::Empty] {
            stays_at(endpoint, &fault).await;
        }
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_asked_nowhere_else() {
    let world = World::new();
    world.issuer.fail(OpenIdConfiguration, Fault::Hang);
    let provider = world.provider().with_wait_limit(std::time::Duration::ZERO);
    assert_eq!(
        unavailable(provider.verify(&world.token().mint()).await).0,
        "jwks_slow"
    );
    world.issuer.until_requests(OpenIdConfiguration, 1).await;
    assert_eq!(asked(&world), [OpenIdConfiguration]);
}

#[tokio::test]
async fn metadata_of_another_issuer_is_refused_and_named() {
    for endpoint in [OpenIdConfiguration, OAuthMetadata] {
        let world = World::new();
        let fault = metadata("https://other.example", &world.issuer.endpoint(Jwks));
        let error = stays_in(&world, endpoint, &fault).await;
        assert!(
            causes(&error).contains("https://other.example"),
            "{}",
            causes(&error)
        );
    }
}

#[tokio::test]
async fn the_issuer_is_compared_with_its_last_slash() {
    let world = World::new();
    let with_slash = format!("{}/", world.issuer.url());
    let provider = OAuth2Auth::new(&with_slash, AUDIENCE).unwrap();
    assert!(provider.warm_up().await.is_err());

    world.issuer.fail(
        OpenIdConfiguration,
        metadata(&with_slash, &world.issuer.endpoint(Jwks)),
    );
    let provider = OAuth2Auth::new(&with_slash, AUDIENCE).unwrap();
    provider.warm_up().await.unwrap();
    assert_eq!(
        world.issuer.requests(OpenIdConfiguration),
        2,
        "asked at the right path"
    );
}

#[tokio::test]
async fn metadata_that_says_something_twice_is_refused() {
    let world = World::new();
    let (url, jwks) = (world.issuer.url(), world.issuer.endpoint(Jwks));
    let body = format!(r#"{{"issuer":"https://evil","issuer":"{url}","jwks_uri":"{jwks}"}}"#);
    stays_in(
        &world,
        OpenIdConfiguration,
        &Fault::Answer(Response::new(body)),
    )
    .await;
}

#[tokio::test]
async fn metadata_cannot_lead_to_an_insecure_place() {
    for jwks_uri in [
        "http://issuer.example/jwks",
        "http://10.0.0.1/jwks",
        "http://127.0.0.1.example/jwks",
        "https://user:pass@issuer.example/jwks",
        "file:///etc/passwd",
        "ftp://127.0.0.1/jwks",
        "jwks",
        "",
    ] {
        let world = World::new();
        let fault = metadata(world.issuer.url(), jwks_uri);
        let error = causes(&stays_in(&world, OpenIdConfiguration, &fault).await);
        // Refused, not tried in vain.
        assert!(
            error.contains("not https") || error.contains("malformed"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn discovery_is_done_again_at_every_refresh() {
    let world = World::new();
    let provider = world.warm().await;
    let moved = metadata(world.issuer.url(), &world.issuer.endpoint(WellKnownJwks));
    world.issuer.fail(OpenIdConfiguration, moved);
    world.pass(HOUR);
    accepted(at_once(&provider, &world.token().mint()));
    world.issuer.until_requests(WellKnownJwks, 1).await;
    assert_eq!(world.fetches(), 1);
}

#[test]
fn an_issuer_must_be_an_address_that_may_be_asked() {
    for issuer in [
        "http://issuer.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "issuer.example",
        "ftp://issuer.example",
        "https://user@issuer.example",
        "https://issuer.example?tenant=1",
        "https://issuer.example/#a",
    ] {
        let error = OAuth2Auth::new(issuer, AUDIENCE).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{issuer}");
    }
    for issuer in [
        "https://issuer.example/a/",
        "http://localhost:8080",
        "http://[::1]:80/a",
    ] {
        assert!(OAuth2Auth::new(issuer, AUDIENCE).is_ok(), "{issuer}");
    }
}

#[test]
fn a_jwks_uri_must_be_an_address_that_may_be_asked() {
    let provider = || OAuth2Auth::new("https://issuer.example", AUDIENCE).unwrap();
    for uri in [
        "http://issuer.example/jwks",
        "jwks",
        "",
        "https://a:b@issuer.example/jwks",
    ] {
        assert!(provider().with_jwks_uri(uri).is_err(), "{uri}");
        assert!(
            OAuth2Auth::from_jwks_uri("name", AUDIENCE, uri).is_err(),
            "{uri}"
        );
    }
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let error = OAuth2Auth::new("https://user:hunter2@issuer.example", AUDIENCE).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn an_issuer_that_is_no_address_works_with_a_jwks_uri() {
    let world = World::new();
    let jwks = world.issuer.endpoint(Jwks);
    let provider = OAuth2Auth::from_jwks_uri("accounts.example.com", AUDIENCE, &jwks)
        .unwrap()
        .with_clock(world.clock.clock());
    let token = world
        .token()
        .with_claim("iss", "accounts.example.com")
        .mint();
    assert!(provider.verify(&token).await.is_ok());
    assert_eq!(
        refusal(&provider, &world.token().mint()).await,
        "jwt_iss_mismatch"
    );
}

/// The fault at one endpoint makes the provider answer 503 and ask nowhere else.
async fn stays_at(endpoint: IssuerEndpoint, fault: &Fault) {
    stays_in(&World::new(), endpoint, fault).await;
}

async fn stays_in(world: &World, endpoint: IssuerEndpoint, fault: &Fault) -> tower_auth::AuthError {
    if endpoint == OAuthMetadata {
        world.issuer.fail(OpenIdConfiguration, Fault::Status(404));
    }
    world.issuer.fail(endpoint, fault.clone());
    let error = world
        .provider()
        .verify(&world.token().mint())
        .await
        .unwrap_err();
    assert_eq!(error.status(), 503, "{fault:?}");
    assert_eq!(asked(world).last(), Some(&endpoint), "{fault:?}");
    error
}

fn metadata(issuer: &str, jwks_uri: &str) -> Fault {
    let body = json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string();
    Fault::Answer(Response::new(body))
}

/// The endpoints that were asked, in the order in which they would be.
fn asked(world: &World) -> Vec<IssuerEndpoint> {
    [OpenIdConfiguration, OAuthMetadata, Jwks, WellKnownJwks]
        .into_iter()
        .filter(|endpoint| world.issuer.requests(*endpoint) > 0)
        .collect()
}
