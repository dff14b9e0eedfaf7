//! What an issuer's documents, and addresses of it, may hold that means harm.

use http::{Request, Response};
use serde_json::json;
use tower_auth::{
    AuthRequest,
    jose::Algorithm,
    provider::{AuthProvider, IntrospectionAuth, OAuth2Auth, UserinfoAuth},
    testing::{
        Fault,
        IssuerEndpoint::{Introspection, Jwks, Userinfo},
        ManualClock, TestIssuer,
    },
};

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn a_remembered_token_is_forgotten_when_its_key_becomes_unusable_in_a_set_that_reads_alike() {
    let clock = ManualClock::at_unix(1_800_000_000);
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(clock.clock())
        .start();
    let provider = OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE)
        .unwrap()
        .with_cache_ttl(std::time::Duration::from_secs(60))
        .unwrap()
        .with_clock(clock.clock());
    let token = issuer.token().with_lifetime(DAY).mint();
    let old = issuer.jwk(&issuer.key_id(Algorithm::ES256));
    issuer.rotate();
    let new = issuer.jwk(&issuer.key_id(Algorithm::ES256));
    let publish = |old: String| {
        let set = format!(r#"{{"keys":[{old},{new}]}}"#);
        issuer.fail(Jwks, Fault::Answer(Response::new(set)));
    };
    publish(old.to_string());
    assert!(provider.verify(&token).await.is_ok());

    // The key is not used for a member that it has twice, whichever of the two is read last.
    let twice = old.to_string().replacen('{', r#"{"use":"enc","#, 1);
    assert_eq!(twice.matches(r#""use""#).count(), 2);
    publish(twice);
    let before = issuer.requests(Jwks);
    for _ in 0..2000 {
        clock.advance(std::time::Duration::from_secs(1));
        let _refreshing = provider.verify(&token).await;
        if issuer.requests(Jwks) > before + 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert!(provider.verify(&token).await.is_err());
}

#[test]
fn an_address_that_cannot_be_read_is_not_shown_with_its_password() {
    for address in [
        "https://user:canary@exa mple.com/",
        "https://user:canary@[::1/",
        "https://user:canary@host:999999/",
        "user:canary@example.com",
        "//user:canary@example.com/",
    ] {
        let texts = [
            OAuth2Auth::new(address, "api").unwrap_err().to_string(),
            OAuth2Auth::from_jwks_uri("issuer", "api", address)
                .unwrap_err()
                .to_string(),
            IntrospectionAuth::new(address, "id", "secret")
                .unwrap_err()
                .to_string(),
        ];
        for text in texts {
            assert!(!text.contains("canary"), "{text}");
        }
    }
}

#[tokio::test]
async fn any_number_of_remembered_tokens_can_be_asked_for() {
    let issuer = TestIssuer::start();
    let endpoint = issuer.endpoint(Introspection);
    let opaque =
        IntrospectionAuth::new(&endpoint, TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET)
            .unwrap()
            .with_remembered_tokens(usize::MAX)
            .with_max_concurrency(usize::MAX)
            .with_wait_limit(std::time::Duration::MAX);
    let request = Request::get("/")
        .header(
            "authorization",
            format!("Bearer {}", issuer.token().mint_opaque()),
        )
        .body(())
        .unwrap();
    let answer = opaque.authenticate(&AuthRequest::from(&request));
    assert!(answer.await.unwrap().is_some());

    let tokens = OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE)
        .unwrap()
        .with_remembered_tokens(usize::MAX)
        .with_wait_limit(std::time::Duration::MAX)
        .with_cool_down(std::time::Duration::MAX)
        .unwrap()
        .with_stale_ttl(std::time::Duration::MAX)
        .unwrap();
    assert!(tokens.verify(&issuer.token().mint()).await.is_ok());
}

#[tokio::test]
async fn a_long_answer_of_an_endpoint_is_not_kept() {
    for (length, asked) in [(100, 1), (17 * 1024, 2)] {
        let issuer = TestIssuer::start();
        let body = json!({"sub": "ada", "about": "x".repeat(length)}).to_string();
        issuer.fail(Userinfo, Fault::Answer(Response::new(body)));
        let provider = UserinfoAuth::new(&issuer.endpoint(Userinfo)).unwrap();
        for _ in 0..2 {
            let request = Request::get("/").header("authorization", "Bearer t0ken");
            let request = request.body(()).unwrap();
            let answer = provider.authenticate(&AuthRequest::from(&request)).await;
            assert!(answer.unwrap().is_some());
        }
        assert_eq!(issuer.requests(Userinfo), asked, "{length}");
    }
}
