//! The endpoints of a test issuer: what they answer, and how they fail.

use crate::common;

use std::{net::TcpStream, thread};

use base64::{Engine, engine::general_purpose::STANDARD};
use common::live::{Reply, http};
use http::Response;
use tower_auth::{
    jose::Algorithm,
    testing::{Fault, IssuerEndpoint, TestIssuer},
};

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
