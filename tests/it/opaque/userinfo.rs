//! `UserinfoAuth`: tokens tried at an endpoint that tells whose they are.

use crate::common;

use std::time::Duration;

use common::{
    bearer::{accepted, ask, authenticate, reason, refused, unavailable},
    log::Log,
    opaque::{NOW, issuer},
};
use futures_util::future::join_all;
use http::{Request, Response, header};
use tower_auth::{
    AuthContext, AuthRequest, ConfigErrorKind, CredentialSource, Message,
    provider::{AuthProvider, Authentication, UserinfoAuth},
    testing::{Fault, IssuerEndpoint, ManualClock, TestIssuer},
};

const ASKED: IssuerEndpoint = IssuerEndpoint::Userinfo;

fn tokens(issuer: &TestIssuer) -> (UserinfoAuth, ManualClock) {
    let clock = ManualClock::at_unix(NOW);
    let tokens = UserinfoAuth::new(&issuer.endpoint(ASKED)).unwrap();
    (tokens.with_clock(clock.clock()), clock)
}

fn told(issuer: &TestIssuer, body: &str) {
    issuer.fail(ASKED, Fault::Answer(Response::new(body.to_owned())));
}

#[tokio::test]
async fn refuses_a_token_that_the_endpoint_refuses() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    assert_eq!(reason(&tokens, "guess").await, "token_refused_by_endpoint");
    issuer.fail(ASKED, Fault::Status(403));
    assert_eq!(reason(&tokens, "other").await, "token_refused_by_endpoint");
}

#[tokio::test]
async fn a_key_in_the_endpoint_s_query_is_sent_to_it_and_shown_to_nobody() {
    let issuer = issuer();
    let endpoint = format!("{}?key=c4nary", issuer.endpoint(ASKED));
    let clock = ManualClock::at_unix(NOW);
    let tokens = UserinfoAuth::new(&endpoint).unwrap();
    let tokens = tokens.with_clock(clock.clock());
    let caller = accepted(&tokens, &issuer.token().mint_opaque()).await;
    assert_eq!(caller.issuer(), Some(&*issuer.endpoint(ASKED)));
    let asked = issuer.last_request(ASKED).unwrap();
    assert_eq!(asked.uri().query(), Some("key=c4nary"));
}

#[tokio::test]
async fn whatever_keeps_the_endpoint_from_answering_is_503() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    let token = issuer.token().mint_opaque();
    let long = Response::new(format!(r#"{{"sub":"{}"}}"#, "a".repeat(300_000)));
    for fault in [
        Fault::Status(400),
        Fault::Status(404),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Garbage,
        Fault::Empty,
        Fault::Answer(long),
    ] {
        issuer.fail(ASKED, fault.clone());
        assert_eq!(
            unavailable(&tokens, &token).await,
            "endpoint_failed",
            "{fault:?}"
        );
    }
    issuer.close();
    assert_eq!(unavailable(&tokens, &token).await, "endpoint_failed");
    issuer.recover();
    accepted(&tokens, &token).await;
}

#[tokio::test]
async fn an_endpoint_that_takes_too_long_is_503() {
    let issuer = issuer();
    let tokens = tokens(&issuer).0.with_wait_limit(Duration::from_millis(50));
    for fault in [Fault::Hang, Fault::Drip] {
        issuer.fail(ASKED, fault);
        let token = issuer.token().mint_opaque();
        assert_eq!(unavailable(&tokens, &token).await, "endpoint_failed");
    }
}

#[tokio::test]
async fn an_answer_without_a_subject_lets_nobody_in() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    for body in [
        r#"{"email":"ada@example.org"}"#,
        r#"{"sub":""}"#,
        r#"{"sub":null}"#,
        r#"{"sub":7}"#,
        r#"{"sub":["ada"]}"#,
        r#"{"Sub":"ada"}"#,
        r#"{"sub":"ada","sub":"root"}"#,
        r#"{"sub":"ada","s\u0075b":"root"}"#,
        r#"{"sub":"ada"} {"sub":"root"}"#,
        r#"["sub","ada"]"#,
        // A signed answer, which OpenID Connect Core §5.3.2 also knows.
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.",
    ] {
        told(&issuer, body);
        assert_eq!(unavailable(&tokens, "t").await, "endpoint_failed", "{body}");
    }
}

#[tokio::test]
async fn the_context_says_who_and_how() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    told(
        &issuer,
        r#"{"sub":"ada","email":"ada@example.org","scope":"admin","exp":1}"#,
    );
    let context = accepted(&tokens, "t").await;
    assert_eq!((context.user_id(), context.method()), ("ada", "userinfo"));
    assert_eq!(context.issuer(), Some(issuer.endpoint(ASKED).as_str()));
    assert_eq!(context.metadata()["email"], "ada@example.org");
    assert!(!context.metadata().contains_key("sub"));
    assert!(
        context.scopes().is_empty(),
        "the endpoint tells of no scopes"
    );
    assert_eq!(context.expires_at(), None);
}

#[tokio::test]
async fn the_user_id_is_read_from_the_member_that_is_set() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    told(&issuer, r#"{"id":7,"login":"ada","email":"a@example.org"}"#);
    let by_id = tokens.clone().with_user_id_claim("id");
    let context = accepted(&by_id, "t").await;
    assert_eq!(context.user_id(), "7");
    assert!(!context.metadata().contains_key("id"));
    let by_email = tokens.clone().with_user_id_claims(["email", "id"]);
    assert_eq!(reason(&by_email, "t").await, "token_email_unverified");
    let lax = by_email.insecure_unverified_email();
    assert_eq!(accepted(&lax, "t").await.user_id(), "a@example.org");
    let either = tokens.with_user_id_claims(["sub", "id"]);
    let other = accepted(&either, "t").await;
    assert_ne!(other.principal(), context.principal());
    told(&issuer, r#"{"id":7.0}"#);
    assert_eq!(unavailable(&by_id, "t2").await, "endpoint_failed");
}

#[tokio::test]
async fn the_issuer_can_be_named() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    let token = issuer.token().with_subject("ada").mint_opaque();
    let named = tokens.clone().with_issuer("https://issuer.example");
    let context = accepted(&named, &token).await;
    let same = AuthContext::new("ada")
        .with_method("userinfo")
        .with_issuer("https://issuer.example");
    assert_eq!(context.principal(), same.principal());
    assert_ne!(
        accepted(&tokens, &token).await.principal(),
        same.principal()
    );
}

#[tokio::test]
async fn the_token_is_sent_as_bearer_and_nowhere_else() {
    let (issuer, attacker) = (issuer(), issuer());
    let (tokens, _) = tokens(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    let request = issuer.last_request(ASKED).unwrap();
    assert_eq!(
        request.headers()[header::AUTHORIZATION],
        format!("Bearer {token}")
    );
    assert_eq!(
        (request.method().as_str(), request.uri().query()),
        ("GET", None)
    );

    let redirect = Response::builder()
        .status(307)
        .header(header::LOCATION, attacker.endpoint(ASKED))
        .body(String::new());
    issuer.fail(ASKED, Fault::Answer(redirect.unwrap()));
    assert_eq!(unavailable(&tokens, "t").await, "endpoint_failed");
    assert_eq!(attacker.requests(ASKED), 0);
}

#[tokio::test]
async fn the_endpoint_is_not_asked_about_what_is_no_token() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    for text in ["a b", "a\tb", "clé"] {
        assert_eq!(reason(&tokens, text).await, "token_malformed", "{text}");
    }
    assert!(
        ask(&tokens.clone().ignore_jwts(), &issuer.token().mint())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(issuer.requests(ASKED), 0);
}

#[tokio::test]
async fn what_shows_no_bearer_token_is_not_mine() {
    let (tokens, _) = tokens(&issuer());
    let request = Request::new(());
    let answer = tokens.authenticate(&AuthRequest::from(&request)).await;
    assert!(answer.unwrap().is_none());
    let message = Message::new("telegram").with_user_id(42);
    let answer = tokens.authenticate(&AuthRequest::message(&message)).await;
    assert!(answer.unwrap().is_none());
}

#[tokio::test]
async fn a_revocation_is_seen_within_the_cache_time() {
    let issuer = issuer();
    let (tokens, clock) = tokens(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    issuer.revoke(&token);
    clock.advance(Duration::from_secs(29));
    assert!(matches!(
        authenticate(&tokens, &token),
        Authentication::Ready(Ok(Some(_)))
    ));
    clock.advance(Duration::from_secs(1));
    assert_eq!(refused(&tokens, &token).await.code(), "invalid_credential");
    assert_eq!(issuer.requests(ASKED), 2);
}

#[tokio::test]
async fn many_requests_with_one_token_ask_once() {
    let issuer = issuer();
    let (tokens, _) = tokens(&issuer);
    let token = issuer.token().mint_opaque();
    issuer.fail(ASKED, Fault::Hang);
    let release = async {
        issuer.until_requests(ASKED, 1).await;
        issuer.recover();
    };
    tokio::join!(
        join_all((0..100).map(|_| accepted(&tokens, &token))),
        release
    );
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn nothing_that_is_logged_or_printed_holds_the_token() {
    let issuer = issuer();
    let log = Log::start();
    let (tokens, _) = tokens(&issuer);
    let token = issuer.token().mint_opaque();
    let mut printed = format!("{:?}", ask(&tokens, &token).await);
    issuer.fail(ASKED, Fault::Status(500));
    printed += &format!("{:?} {tokens:?}", ask(&tokens, "s3cret-guess").await);
    printed += &log.text();
    assert!(printed.contains("endpoint_failed"));
    assert!(
        !printed.contains(&token) && !printed.contains("s3cret"),
        "{printed}"
    );
}

#[test]
fn what_cannot_work_is_refused_when_it_is_built() {
    for address in [
        "issuer.example/userinfo",
        "http://issuer.example/",
        "https://a:b@c/",
    ] {
        let error = UserinfoAuth::new(address).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{address}");
    }
}

#[test]
fn it_names_itself_and_the_place_it_reads() {
    fn is_fit<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let (tokens, _) = tokens(&issuer());
    is_fit(&tokens);
    assert_eq!(tokens.name(), "userinfo");
    assert_eq!(tokens.credentials(), [CredentialSource::bearer()]);
}
