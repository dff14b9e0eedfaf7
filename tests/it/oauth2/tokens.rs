//! Which tokens are accepted, and as whom.

use std::time::Duration;

use http::Request;
use serde_json::json;
use tower_auth::{
    AuthRequest, ConfigErrorKind, CredentialSource,
    jose::Algorithm,
    provider::{AuthProvider, OAuth2Auth},
    testing::{IssuerEndpoint, TestIssuer},
};

use crate::oauth2::world::*;

#[tokio::test]
async fn accepts_a_token_of_the_issuer() {
    let world = World::new();
    let token = world.token().with_subject("ada").mint();
    let caller = world.provider().verify(&token).await.unwrap();
    assert_eq!(caller.user_id(), "ada");
    assert_eq!(caller.method(), "oauth2");
    assert_eq!(caller.issuer(), Some(world.issuer.url()));
    assert!(caller.expires_at().is_some());
}

#[tokio::test]
async fn reads_the_token_from_a_request() {
    let world = World::new();
    let provider = world.warm().await;
    assert_eq!(
        accepted(at_once(&provider, &world.token().mint())).user_id(),
        "test-user"
    );
}

#[tokio::test]
async fn a_request_without_a_token_is_not_its_business() {
    let world = World::new();
    let request = Request::get("/")
        .header("authorization", "Basic YTpi")
        .body(())
        .unwrap();
    let answer = world
        .provider()
        .authenticate(&AuthRequest::from(&request))
        .await;
    assert!(answer.unwrap().is_none());
    assert_eq!(world.fetches(), 0);
}

#[tokio::test]
async fn reads_the_places_it_is_told_to() {
    let world = World::new();
    let provider = world.warm().await;
    let provider = provider.with_credentials([CredentialSource::cookie("token")]);
    let request = Request::get("/")
        .header("cookie", format!("token={}", world.token().mint()))
        .body(())
        .unwrap();
    assert!(
        provider
            .authenticate(&AuthRequest::from(&request))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        ask(&provider, &world.token().mint())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn refuses_another_audience() {
    let world = World::new();
    let token = world.token().with_audience("https://other.example").mint();
    assert_eq!(refusal(&world.provider(), &token).await, "jwt_aud_mismatch");
}

#[tokio::test]
async fn refuses_a_token_without_audience() {
    let world = World::new();
    let token = world.token().without_claim("aud").mint();
    assert_eq!(refusal(&world.provider(), &token).await, "jwt_aud_missing");
}

#[tokio::test]
async fn accepts_a_further_audience() {
    let world = World::new();
    let provider = world.provider().add_audience("second").unwrap();
    for audience in [AUDIENCE, "second"] {
        let token = world.token().with_audience(audience).mint();
        assert!(provider.verify(&token).await.is_ok(), "{audience}");
    }
}

#[tokio::test]
async fn refuses_another_issuer_even_with_the_right_key() {
    let world = World::new();
    let provider = world.warm().await;
    for issuer in [
        "https://issuer.example",
        "",
        &format!("{}/", world.issuer.url()),
    ] {
        let token = world.token().with_claim("iss", issuer).mint();
        assert_eq!(
            refusal(&provider, &token).await,
            "jwt_iss_mismatch",
            "{issuer}"
        );
    }
    let token = world.token().without_claim("iss").mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_iss_missing");
}

#[tokio::test]
async fn another_issuers_token_causes_no_fetch() {
    let (world, other) = (World::new(), World::new());
    assert_eq!(
        refusal(&world.provider(), &other.token().mint()).await,
        "jwt_iss_mismatch"
    );
    assert_eq!(world.fetches(), 0);
}

#[tokio::test]
async fn requires_exp() {
    let world = World::new();
    let token = world.token().without_claim("exp").mint();
    assert_eq!(refusal(&world.provider(), &token).await, "jwt_exp_missing");
}

#[tokio::test]
async fn a_token_expires_30_seconds_after_its_time() {
    let world = World::new();
    let provider = world.provider();
    let token = world.issuer.token().with_lifetime(MINUTE).mint();
    world.pass(Duration::from_secs(89));
    assert!(provider.verify(&token).await.is_ok());
    world.pass(Duration::from_secs(1));
    let error = provider.verify(&token).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        ("expired_credential", "jwt_expired")
    );
}

#[tokio::test]
async fn the_clock_skew_can_be_set() {
    let world = World::new();
    let provider = world.provider().with_leeway(Duration::ZERO).unwrap();
    provider.warm_up().await.unwrap();
    let token = world.issuer.token().with_lifetime(MINUTE).mint();
    world.pass(MINUTE);
    assert_eq!(refusal(&provider, &token).await, "jwt_expired");
}

#[tokio::test]
async fn an_expired_token_that_does_not_verify_is_not_called_expired() {
    let world = World::new();
    let token = world.issuer.token().with_lifetime(MINUTE).mint();
    world.pass(HOUR);
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(86));
    for (provider, reason) in [
        (world.warm().await, "jwt_bad_signature"),
        (world.provider(), "jwt_expired_unverified"),
    ] {
        let error = provider.verify(&forged).await.unwrap_err();
        assert_eq!(
            (error.code(), error.reason()),
            ("invalid_credential", reason)
        );
    }
}

#[tokio::test]
async fn scopes_come_from_scope() {
    let world = World::new();
    let token = world.token().with_scope("read write *").mint();
    let caller = world.provider().verify(&token).await.unwrap();
    assert!(caller.scopes().contains("write"));
    assert!(
        !caller.scopes().contains("delete"),
        "a star in a token grants nothing"
    );
}

#[tokio::test]
async fn scopes_come_from_the_claim_that_is_set() {
    let world = World::new();
    let provider = world.provider().with_scope_claim("scp");
    for scopes in [json!("read write"), json!(["read", "write"])] {
        let token = world
            .token()
            .with_scope("admin")
            .with_claim("scp", scopes)
            .mint();
        let caller = provider.verify(&token).await.unwrap();
        assert!(caller.scopes().contains("write"));
        assert!(!caller.scopes().contains("admin"));
    }
}

#[tokio::test]
async fn roles_are_read_from_nested_claims() {
    let world = World::new();
    let token = world
        .token()
        .with_claim("realm_access", json!({"roles": ["editor"]}))
        .mint();
    let caller = world.provider().verify(&token).await.unwrap();
    let roles: Option<Vec<String>> = caller.claim_at("realm_access.roles").unwrap();
    assert_eq!(roles.unwrap(), ["editor"]);
    for absent in [
        "realm_access.groups",
        "nothing.roles",
        "realm_access.roles.deep",
        "",
    ] {
        assert_eq!(
            caller.claim_at::<Vec<String>>(absent).unwrap(),
            None,
            "{absent}"
        );
    }
    assert!(caller.claim_at::<u64>("realm_access.roles").is_err());
}

#[tokio::test]
async fn claims_of_a_strange_type_crash_nothing() {
    let world = World::new();
    let provider = world.warm().await;
    for claim in [
        "scope", "scopes", "method", "sub", "iss", "aud", "exp", "jti",
    ] {
        for value in [
            json!(null),
            json!(7),
            json!([]),
            json!({"a": {}}),
            json!(true),
        ] {
            let token = world.token().with_claim(claim, value.clone()).mint();
            let answer = provider.verify(&token).await;
            let refused = answer.as_ref().err().map(|error| error.status().as_u16());
            assert!(
                matches!(refused, None | Some(401)),
                "{claim} {value} {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn accepts_rs256_and_es256_and_no_other_unless_told() {
    let issuer = TestIssuer::start();
    let provider = OAuth2Auth::new(issuer.url(), AUDIENCE).unwrap();
    let mint = |algorithm| issuer.token().with_algorithm(algorithm).mint();
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        assert!(
            provider.verify(&mint(algorithm)).await.is_ok(),
            "{algorithm}"
        );
    }
    let others = [Algorithm::PS256, Algorithm::ES384, Algorithm::EdDSA];
    for algorithm in others {
        assert_eq!(
            refusal(&provider, &mint(algorithm)).await,
            "jwt_alg_mismatch"
        );
    }
    let provider = provider.with_algorithms(others).unwrap();
    for algorithm in others {
        assert!(
            provider.verify(&mint(algorithm)).await.is_ok(),
            "{algorithm}"
        );
    }
    assert_eq!(
        refusal(&provider, &mint(Algorithm::RS256)).await,
        "jwt_alg_mismatch"
    );
}

#[test]
fn hmac_algorithms_and_an_empty_list_are_refused() {
    let provider = || OAuth2Auth::new("https://issuer.example", "api").unwrap();
    let symmetric = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    for algorithm in symmetric {
        let error = provider()
            .with_algorithms([Algorithm::RS256, algorithm])
            .unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Unsupported);
        assert!(error.to_string().contains(algorithm.as_str()), "{error}");
    }
    let error = provider().with_algorithms([]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Empty);
}

#[test]
fn any_asymmetric_algorithm_may_be_listed() {
    let asymmetric = Algorithm::ALL
        .iter()
        .copied()
        .filter(|one| !one.is_symmetric());
    let provider = OAuth2Auth::new("https://issuer.example", "api").unwrap();
    assert!(provider.with_algorithms(asymmetric).is_ok());
}

#[test]
fn settings_out_of_their_bounds_are_refused() {
    let provider = || OAuth2Auth::new("https://issuer.example", "api").unwrap();
    let seconds = Duration::from_secs;
    assert!(provider().with_leeway(seconds(300)).is_ok());
    assert!(provider().with_leeway(seconds(301)).is_err());
    assert!(provider().with_cache_ttl(seconds(59)).is_err());
    assert!(provider().with_cache_ttl(DAY + seconds(1)).is_err());
    assert!(provider().with_stale_ttl(seconds(59)).is_err());
    assert!(
        provider()
            .with_cool_down(Duration::from_millis(999))
            .is_err()
    );
    assert!(provider().add_audience(" ").is_err());
}

#[test]
fn issuer_and_audience_are_required() {
    let kind = |issuer: &str, audience: &str| OAuth2Auth::new(issuer, audience).unwrap_err().kind();
    assert_eq!(kind("", "api"), ConfigErrorKind::Malformed);
    assert_eq!(kind("https://issuer.example", ""), ConfigErrorKind::Blank);
    assert_eq!(
        kind("https://issuer.example", " \t"),
        ConfigErrorKind::Blank
    );
    let error = OAuth2Auth::from_jwks_uri(" ", "api", "https://issuer.example/jwks").unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Blank);
}

#[test]
fn debug_says_whose_tokens_and_no_more() {
    let provider = OAuth2Auth::new("https://issuer.example", "api").unwrap();
    let text = format!("{provider:?}");
    assert!(
        text.contains("https://issuer.example") && text.contains("api"),
        "{text}"
    );
}

#[tokio::test]
async fn the_first_request_fetches_the_keys_once() {
    let world = World::new();
    let provider = world.provider();
    for _ in 0..5 {
        provider.verify(&world.token().mint()).await.unwrap();
    }
    assert_eq!(world.fetches(), 1);
    assert_eq!(
        world.issuer.requests(IssuerEndpoint::OpenIdConfiguration),
        1
    );
}
