//! The tools that an application's tests are given: each does what it says.
#![cfg(test)]

mod common;

use std::{net::TcpStream, thread, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use common::live::{Reply, http};
use http::Response;
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, AuthRequest,
    jose::{Algorithm, ClaimRules, JwkSet, Jws},
    provider::AuthProvider,
    testing::{self, Fault, IssuerEndpoint, ManualClock, TestIssuer},
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
fn odd_keys_can_stand_beside_the_real_ones() {
    let issuer = small();
    issuer.publish_jwk("no key".into());
    let set = http_get(&issuer, IssuerEndpoint::Jwks).json();
    assert_eq!(set["keys"][1], "no key");
}

#[test]
fn both_documents_name_the_issuer_and_its_endpoints() {
    let issuer = of_tenant("/tenants/7");
    assert!(issuer.url().ends_with("/tenants/7"));
    for endpoint in [
        IssuerEndpoint::OpenIdConfiguration,
        IssuerEndpoint::OAuthMetadata,
    ] {
        let document = http_get(&issuer, endpoint).json();
        assert_eq!(document["issuer"], issuer.url());
        let jwks = document["jwks_uri"].as_str().unwrap();
        assert_eq!(http("GET", jwks, &[], "").json(), issuer.jwks());
    }
}

#[test]
fn rfc_8414_puts_its_part_in_front_of_the_issuers_path() {
    let issuer = of_tenant("tenant");
    let address = issuer.endpoint(IssuerEndpoint::OAuthMetadata);
    assert!(address.ends_with("/.well-known/oauth-authorization-server/tenant"));
    let address = issuer.endpoint(IssuerEndpoint::OpenIdConfiguration);
    assert!(address.ends_with("/tenant/.well-known/openid-configuration"));
}

#[test]
fn introspection_wants_the_client_form_encoded() {
    let issuer = small();
    let token = issuer.token().mint_opaque();
    let plain = format!("{}:{}", TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET);
    let encoded = "resource+server%3A+1:50%25+s3cret%2B%2F%26%3D%C3%BC";
    assert_eq!(introspect(&issuer, &token, &basic(&plain)).status, 401);
    let reply = introspect(&issuer, &token, &basic(encoded));
    assert_eq!(reply.json()["active"], true, "{}", reply.body);
    assert_eq!(reply.json()["sub"], "test-user");
}

#[test]
fn introspection_takes_the_clients_token_too() {
    let issuer = small();
    let reply = introspect(&issuer, "unknown", &client());
    assert_eq!(reply.body, r#"{"active":false}"#);
}

#[test]
fn a_revoked_token_is_inactive() {
    let issuer = small();
    let token = issuer.token().mint();
    let active = || introspect(&issuer, &token, &client()).json()["active"].clone();
    assert_eq!(active(), true);
    issuer.revoke(&token);
    assert_eq!(active(), false);
}

#[test]
fn raw_claims_reach_introspection_as_they_are() {
    let issuer = small();
    for (claims, told) in [
        (r#"{"exp":1,"exp":2}"#, r#"{"active":true,"exp":1,"exp":2}"#),
        ("{ }", r#"{"active":true }"#),
    ] {
        let token = issuer.token().with_raw_claims(claims).mint_opaque();
        assert_eq!(introspect(&issuer, &token, &client()).body, told);
    }
}

#[test]
fn userinfo_tells_about_known_tokens_only() {
    let issuer = small();
    let token = issuer.token().with_subject("ada").mint_opaque();
    let ask = |token: &str| {
        let url = issuer.endpoint(IssuerEndpoint::Userinfo);
        let bearer = format!("Bearer {token}");
        http("GET", &url, &[("authorization", &bearer)], "")
    };
    assert_eq!(ask(&token).json()["sub"], "ada");
    assert_eq!(ask("unknown").status, 401);
}

#[test]
fn an_endpoint_fails_as_told_and_recovers() {
    let issuer = small();
    let ask = || http_get(&issuer, IssuerEndpoint::Jwks);
    issuer.fail(IssuerEndpoint::Jwks, Fault::Status(503));
    assert_eq!(ask().status, 503);
    issuer.fail(IssuerEndpoint::Jwks, Fault::Garbage);
    assert!(serde_json::from_str::<serde_json::Value>(&ask().body).is_err());
    issuer.fail(IssuerEndpoint::Jwks, Fault::Empty);
    assert_eq!(ask().body, r#"{"keys":[]}"#);
    let teapot = Response::builder().status(418).body("short".into());
    issuer.fail(IssuerEndpoint::Jwks, Fault::Answer(teapot.unwrap()));
    assert_eq!((ask().status, ask().body), (418, "short".into()));
    issuer.recover();
    assert_eq!(ask().json(), issuer.jwks());
}

#[test]
fn only_the_named_endpoint_fails() {
    let issuer = small();
    issuer.fail(IssuerEndpoint::Jwks, Fault::Status(500));
    assert_eq!(http_get(&issuer, IssuerEndpoint::WellKnownJwks).status, 200);
    issuer.fail_everywhere(&Fault::Status(500));
    for endpoint in IssuerEndpoint::ALL {
        assert_eq!(http_get(&issuer, *endpoint).status, 500, "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_held_request_is_answered_when_the_issuer_recovers() {
    let issuer = small();
    issuer.fail(IssuerEndpoint::Jwks, Fault::Hang);
    let caller = thread::spawn({
        let issuer = issuer.clone();
        move || http_get(&issuer, IssuerEndpoint::Jwks)
    });
    issuer.until_requests(IssuerEndpoint::Jwks, 1).await;
    assert!(!caller.is_finished());
    issuer.recover();
    assert_eq!(caller.join().unwrap().status, 200);
}

#[test]
fn a_dripping_answer_is_right_in_the_end() {
    let issuer = small();
    issuer.fail(IssuerEndpoint::Introspection, Fault::Drip);
    let reply = introspect(&issuer, "t", "Bearer wrong");
    assert_eq!((reply.status, reply.body.as_str()), (401, "{}"));
}

#[test]
fn a_closed_issuer_refuses_connections_until_it_recovers() {
    let issuer = small();
    let address = issuer.url().strip_prefix("http://").unwrap();
    let open = TcpStream::connect(address).unwrap();
    issuer.close();
    assert!(TcpStream::connect(address).is_err());
    let mut byte = [0];
    let left = std::io::Read::read(&mut &open, &mut byte);
    assert!(matches!(left, Ok(0) | Err(_)), "{left:?}");
    issuer.close();
    issuer.recover();
    assert_eq!(http_get(&issuer, IssuerEndpoint::Jwks).status, 200);
}

#[test]
fn a_dropped_issuer_is_gone() {
    let issuer = small();
    let address = issuer.url().strip_prefix("http://").unwrap().to_owned();
    drop(issuer);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn requests_are_counted_per_endpoint() {
    let issuer = small();
    http_get(&issuer, IssuerEndpoint::Jwks);
    introspect(&issuer, "t0ken", &client());
    introspect(&issuer, "t0ken", &client());
    assert_eq!(issuer.requests(IssuerEndpoint::Jwks), 1);
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 2);
    assert_eq!(issuer.requests(IssuerEndpoint::Userinfo), 0);
    let last = issuer.last_request(IssuerEndpoint::Introspection).unwrap();
    assert_eq!(last.body(), "token=t0ken");
}

#[tokio::test(start_paused = true)]
async fn it_answers_while_the_tests_clock_stands_still() {
    let issuer = small();
    let url = issuer.endpoint(IssuerEndpoint::Jwks);
    let reply = tokio::task::spawn_blocking(move || http("GET", &url, &[], ""));
    assert_eq!(reply.await.unwrap().status, 200);
}

#[test]
fn what_is_printed_holds_no_token() {
    let issuer = small();
    let token = issuer.token().mint_opaque();
    assert!(!format!("{issuer:?}").contains(&token));
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

fn of_tenant(path: &str) -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_path(path)
        .start()
}

/// What our own verifier says under the key set that the issuer serves.
fn verdict(issuer: &TestIssuer, token: &str) -> Result<String, &'static str> {
    let jwks = http_get(issuer, IssuerEndpoint::Jwks).body;
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
    check().map_err(tower_auth::jose::JoseError::code)
}

/// Header and claims of a token, decoded.
fn parts(token: &str) -> [String; 2] {
    let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut parts = token.split('.').map(|part| {
        let bytes = url_safe.decode(part).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    [parts.next().unwrap(), parts.next().unwrap()]
}

fn http_get(issuer: &TestIssuer, endpoint: IssuerEndpoint) -> Reply {
    http("GET", &issuer.endpoint(endpoint), &[], "")
}

fn introspect(issuer: &TestIssuer, token: &str, authorization: &str) -> Reply {
    let url = issuer.endpoint(IssuerEndpoint::Introspection);
    let headers = [("authorization", authorization)];
    http("POST", &url, &headers, &format!("token={token}"))
}

fn client() -> String {
    format!("Bearer {}", TestIssuer::CLIENT_TOKEN)
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}
