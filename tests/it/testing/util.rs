//! Stand-in providers, and the tokens and keys of a test issuer: each does what it says.

use crate::common;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::live::http;
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, AuthRequest,
    jose::{Algorithm, ClaimRules, JoseError, JwkSet, Jws},
    provider::AuthProvider,
    testing::{self, IssuerEndpoint, ManualClock, TestIssuer},
};

#[tokio::test]
async fn accept_accepts_everybody_as_the_given_context() {
    let provider = testing::accept(AuthContext::new("ada").with_scopes(["read"]));
    let request = http::Request::new(());
    let answer = provider.authenticate(&AuthRequest::from(&request)).await;
    let context = answer.unwrap().unwrap();
    assert_eq!(context.user_id(), "ada");
    assert!(context.scopes().contains("read"));
}

#[tokio::test]
async fn refuse_refuses_everybody_with_the_given_error() {
    let provider = testing::refuse(AuthError::unavailable("away"));
    let request = http::Request::new(());
    let answer = provider.authenticate(&AuthRequest::from(&request)).await;
    assert_eq!(answer.unwrap_err().kind(), AuthErrorKind::Unavailable);
}

#[test]
fn a_minted_token_verifies_under_the_published_keys() {
    let issuer = TestIssuer::start();
    for algorithm in ALGORITHMS {
        let token = issuer.token().with_algorithm(algorithm).mint();
        assert_eq!(
            verdict(&issuer, &token),
            Ok("test-user".into()),
            "{algorithm}"
        );
    }
}

#[test]
fn a_token_says_what_the_test_wrote() {
    let issuer = TestIssuer::start();
    let token = issuer
        .token()
        .with_header("typ", "at+jwt")
        .without_header("kid")
        .with_claim("roles", vec!["admin"])
        .without_claim("exp")
        .mint();
    let [header, claims] = parts(&token);
    assert_eq!(header, r#"{"alg":"RS256","typ":"at+jwt"}"#);
    assert!(claims.contains(r#""roles":["admin"]"#), "{claims}");
    assert!(!claims.contains("exp"), "{claims}");
}

#[test]
fn raw_header_and_claims_stand_in_the_token_as_they_are() {
    let issuer = small();
    let token = issuer
        .token()
        .with_raw_header(r#"{"alg":"ES256","alg":"none"}"#)
        .with_raw_claims("no JSON")
        .mint();
    assert_eq!(
        parts(&token),
        [r#"{"alg":"ES256","alg":"none"}"#, "no JSON"]
    );
}

#[test]
fn times_come_from_the_given_clock() {
    let clock = ManualClock::at_unix(1_000);
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(clock.clock())
        .start();
    clock.advance(Duration::from_secs(500));
    let token = issuer.token().with_lifetime(Duration::from_secs(7)).mint();
    let [_, claims] = parts(&token);
    assert!(claims.contains(r#""iat":1500"#), "{claims}");
    assert!(claims.contains(r#""exp":1507"#), "{claims}");
}

#[test]
fn no_two_tokens_have_one_id() {
    let issuer = small();
    assert_ne!(parts(&issuer.token().mint()), parts(&issuer.token().mint()));
}

#[test]
fn issuers_share_no_key_id() {
    let (one, other) = (small(), small());
    assert_ne!(one.key_id(Algorithm::ES256), other.key_id(Algorithm::ES256));
}

#[test]
fn after_a_rotation_old_and_new_tokens_verify() {
    let issuer = small();
    let before = issuer.token().mint();
    issuer.rotate();
    let after = issuer.token().mint();
    assert_ne!(parts(&before)[0], parts(&after)[0], "the same key id");
    assert!(verdict(&issuer, &before).is_ok());
    assert!(verdict(&issuer, &after).is_ok());
}

#[test]
fn a_rotation_makes_new_rsa_keys_too() {
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::RS256])
        .start();
    issuer.rotate();
    let jwks = issuer.jwks();
    assert_ne!(jwks["keys"][0]["n"], jwks["keys"][1]["n"]);
}

#[test]
fn replaced_keys_are_published_no_more() {
    let issuer = small();
    let before = issuer.token().mint();
    issuer.replace_keys();
    assert_eq!(verdict(&issuer, &before), Err("jwt_kid_unknown"));
    assert!(verdict(&issuer, &issuer.token().mint()).is_ok());
}

#[test]
fn a_removed_key_still_signs_and_is_published_no_more() {
    let issuer = small();
    let old = issuer.key_id(Algorithm::ES256);
    issuer.rotate();
    issuer.remove_key(&old);
    let forged = issuer.token().with_key(&old).mint();
    assert_eq!(verdict(&issuer, &forged), Err("jwt_kid_unknown"));
}

#[test]
#[should_panic(expected = "RS256, PS256, ES256, ES384 and EdDSA")]
fn an_algorithm_that_it_cannot_sign_with_is_refused_at_the_start() {
    let _ = TestIssuer::builder().with_algorithms([Algorithm::HS256]);
}

const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// One without RSA, whose keys take long to make.
fn small() -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .start()
}

/// What our own verifier says under the key set that the issuer serves.
fn verdict(issuer: &TestIssuer, token: &str) -> Result<String, &'static str> {
    let jwks = http("GET", &issuer.endpoint(IssuerEndpoint::Jwks), &[], "").body;
    let set = JwkSet::parse(jwks.as_bytes(), &ALGORITHMS).unwrap();
    assert!(set.skipped().is_empty(), "{:?}", set.skipped());
    let rules = ClaimRules::new()
        .with_issuer(issuer.url())
        .with_audience(TestIssuer::AUDIENCE);
    let now = ManualClock::now().unix();
    let check = || {
        let jws = Jws::parse(token)?;
        let key = set.key_for(&jws)?;
        let json = jws.verify_claims(key)?;
        Ok(rules.check(&json, now)?.user_id().to_owned())
    };
    check().map_err(JoseError::code)
}

/// Header and claims of a token, decoded.
fn parts(token: &str) -> [String; 2] {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    [parts.next().unwrap(), parts.next().unwrap()]
}
