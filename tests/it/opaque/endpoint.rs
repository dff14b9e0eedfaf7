//! `IntrospectionAuth`: how the endpoint is asked, and when it cannot be.

use crate::common;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use common::{
    bearer::{accepted, ask, bearing, reason, unavailable},
    log::Log,
    opaque::{NOW, issuer, tokens},
};
use http::{Request, Response, header};
use tower::{Layer, ServiceExt};
use tower_auth::{
    AuthLayer, AuthRequest, ConfigErrorKind, CredentialSource, Message,
    provider::{AuthProvider, IntrospectionAuth},
    testing::{Fault, IssuerEndpoint, ManualClock, TestIssuer},
};

#[tokio::test]
async fn a_client_id_and_secret_are_form_encoded_before_basic() {
    // The issuer's id has a colon and a space in it, its secret every character that matters.
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    accepted(&tokens(&issuer), &token).await;
    let request = issuer.last_request(IssuerEndpoint::Introspection).unwrap();
    let sent = request.headers()[header::AUTHORIZATION].to_str().unwrap();
    let pair = "resource+server%3A+1:50%25+s3cret%2B%2F%26%3D%C3%BC";
    assert_eq!(sent, format!("Basic {}", STANDARD.encode(pair)));
}

#[tokio::test]
async fn a_bearer_token_of_our_own_serves_instead() {
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let tokens = IntrospectionAuth::bearer(&endpoint, TestIssuer::CLIENT_TOKEN).unwrap();
    accepted(
        &tokens.with_clock(ManualClock::at_unix(NOW).clock()),
        &token,
    )
    .await;
}

#[tokio::test]
async fn a_client_may_show_its_secret_in_the_form_and_then_nowhere_else() {
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    let tokens = tokens(&issuer).with_client_secret_post().unwrap();
    accepted(&tokens, &token).await;
    let request = issuer.last_request(IssuerEndpoint::Introspection).unwrap();
    assert!(!request.headers().contains_key(header::AUTHORIZATION));
    let fields: Vec<_> = form_urlencoded::parse(request.body().as_bytes()).collect();
    assert_eq!(
        fields[2..],
        [
            ("client_id".into(), TestIssuer::CLIENT_ID.into()),
            ("client_secret".into(), TestIssuer::CLIENT_SECRET.into())
        ]
    );
    assert!(!format!("{tokens:?}").contains("s3cret"));
    let shown = "t&client_id=x&client_secret=y";
    assert_eq!(reason(&tokens, shown).await, "token_inactive");
}

#[test]
fn a_token_of_our_own_is_no_client_secret() {
    let tokens = IntrospectionAuth::bearer("https://issuer.example/introspect", "t").unwrap();
    let error = tokens.with_client_secret_post().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Unsupported);
}

#[tokio::test]
async fn whatever_a_caller_shows_is_one_field_of_the_form() {
    let issuer = issuer();
    let token = "a&token=b;c+d%26e=f#g?h";
    reason(&tokens(&issuer), token).await;
    let request = issuer.last_request(IssuerEndpoint::Introspection).unwrap();
    let fields: Vec<_> = form_urlencoded::parse(request.body().as_bytes()).collect();
    assert_eq!(
        fields,
        [
            ("token".into(), token.into()),
            ("token_type_hint".into(), "access_token".into())
        ]
    );
    assert_eq!(
        request.headers()[header::CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(request.uri(), "/introspect");
}

#[tokio::test]
async fn the_endpoint_is_not_asked_about_what_is_no_token() {
    let issuer = issuer();
    for text in ["a b", "a\tb", "clé"] {
        assert_eq!(
            reason(&tokens(&issuer), text).await,
            "token_malformed",
            "{text}"
        );
    }
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 0);
}

#[tokio::test]
async fn what_shows_no_bearer_token_is_not_mine() {
    let issuer = issuer();
    let tokens = tokens(&issuer);
    let with = |value| Request::builder().header("authorization", value).body(());
    for request in [
        Request::new(()),
        with("Basic YTpi").unwrap(),
        with("Bearer ").unwrap(),
    ] {
        let answer = tokens.authenticate(&AuthRequest::from(&request)).await;
        assert!(answer.unwrap().is_none());
    }
    let message = Message::new("telegram").with_user_id(42);
    let answer = tokens.authenticate(&AuthRequest::message(&message)).await;
    assert!(answer.unwrap().is_none());
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 0);
}

#[tokio::test]
async fn whatever_keeps_the_endpoint_from_answering_is_503() {
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    let long = Response::new(format!(
        r#"{{"active":true,"sub":"{}"}}"#,
        "a".repeat(300_000)
    ));
    let empty = Response::builder().status(204).body(String::new());
    for fault in [
        Fault::Status(400),
        Fault::Status(404),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Status(503),
        Fault::Garbage,
        Fault::Answer(long),
        Fault::Answer(empty.unwrap()),
    ] {
        issuer.fail(IssuerEndpoint::Introspection, fault.clone());
        let why = unavailable(&tokens(&issuer), &token).await;
        assert_eq!(why, "endpoint_failed", "{fault:?}");
    }
    issuer.close();
    assert_eq!(
        unavailable(&tokens(&issuer), &token).await,
        "endpoint_failed"
    );
    issuer.recover();
    accepted(&tokens(&issuer), &token).await;
}

#[tokio::test]
async fn an_endpoint_that_takes_too_long_is_503() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_wait_limit(Duration::from_millis(50));
    for fault in [Fault::Hang, Fault::Drip] {
        issuer.fail(IssuerEndpoint::Introspection, fault);
        assert_eq!(unavailable(&tokens, "t").await, "endpoint_failed");
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_us_is_503_and_an_error_in_the_log() {
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let wrong = IntrospectionAuth::new(&endpoint, TestIssuer::CLIENT_ID, "wr0ng").unwrap();
    let log = Log::start();
    let why = unavailable(&wrong, &token).await;
    assert_eq!(why, "endpoint_refuses_our_client");
    let log = log.text();
    assert!(
        log.contains("ERROR") && log.contains("refuses our own client id"),
        "{log}"
    );
    issuer.fail(IssuerEndpoint::Introspection, Fault::Status(403));
    assert_eq!(
        unavailable(&wrong, &token).await,
        "endpoint_refuses_our_client"
    );
}

#[tokio::test]
async fn a_redirect_leads_no_token_anywhere() {
    let (issuer, attacker) = (issuer(), issuer());
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = attacker.endpoint(IssuerEndpoint::Introspection);
        let redirect = Response::builder()
            .status(status)
            .header(header::LOCATION, elsewhere)
            .body(String::new());
        issuer.fail(
            IssuerEndpoint::Introspection,
            Fault::Answer(redirect.unwrap()),
        );
        assert_eq!(unavailable(&tokens(&issuer), "t").await, "endpoint_failed");
    }
    assert_eq!(attacker.requests(IssuerEndpoint::Introspection), 0);
}

#[tokio::test]
async fn nothing_that_is_logged_or_printed_holds_a_secret() {
    let issuer = issuer();
    let log = Log::start();
    let good = issuer.token().mint_opaque();
    let provider = tokens(&issuer);
    let mut printed = format!("{provider:?}");
    for token in [good.as_str(), "guess-s3cret"] {
        for fault in [None, Some(Fault::Status(500)), Some(Fault::Status(401))] {
            issuer.recover();
            if let Some(fault) = fault {
                issuer.fail(IssuerEndpoint::Introspection, fault);
            }
            let response = through_a_layer(&provider, token).await;
            printed += &format!("{:?}", response.headers());
            printed += &format!("{:?}", ask(&provider, token).await);
        }
    }
    printed += &log.text();
    assert!(printed.contains("token_inactive") && printed.contains("endpoint_failed"));
    for secret in [good.as_str(), "s3cret", "50%25"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

#[tokio::test]
async fn a_caller_reads_503_with_a_time_to_come_back_and_no_challenge() {
    let issuer = issuer();
    issuer.fail(IssuerEndpoint::Introspection, Fault::Status(401));
    let response = through_a_layer(&tokens(&issuer), "t").await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
}

#[tokio::test]
async fn json_web_tokens_are_introspected_like_any_other() {
    let issuer = issuer();
    let token = issuer.token().mint();
    accepted(&tokens(&issuer), &token).await;
}

#[tokio::test]
async fn json_web_tokens_can_be_left_to_another_provider() {
    let issuer = issuer();
    let tokens = tokens(&issuer).ignore_jwts();
    for token in [
        issuer.token().mint(),
        issuer.token().with_raw_header("{ nonsense").mint(),
        // {"alg":"none"} and nothing behind the last dot
        "eyJhbGciOiJub25lIn0.e30.".into(),
    ] {
        assert!(ask(&tokens, &token).await.unwrap().is_none(), "{token}");
    }
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 0);
}

#[tokio::test]
async fn what_only_has_dots_in_it_is_no_json_web_token() {
    let issuer = issuer();
    let tokens = tokens(&issuer).ignore_jwts();
    for token in [
        "a.b.c",
        "v2.local.abcdef",
        "eyJhbGciOiJub25lIn0.e30",
        "..",
        ".",
    ] {
        assert_eq!(reason(&tokens, token).await, "token_inactive", "{token}");
    }
}

#[tokio::test]
async fn the_token_is_read_from_the_places_that_are_set() {
    let issuer = issuer();
    let token = issuer.token().mint_opaque();
    let tokens = tokens(&issuer).with_credentials([CredentialSource::cookie("token")]);
    let cookie = Request::builder().header(header::COOKIE, format!("token={token}"));
    let request = cookie.body(()).unwrap();
    let answer = tokens.authenticate(&AuthRequest::from(&request)).await;
    assert!(answer.unwrap().is_some());
    assert!(ask(&tokens, &token).await.unwrap().is_none());
}

#[test]
fn what_cannot_work_is_refused_when_it_is_built() {
    let new = |endpoint, id, secret: &str| {
        let error = IntrospectionAuth::new(endpoint, id, secret).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        error.kind()
    };
    let good = "https://issuer.example/introspect";
    let malformed = ConfigErrorKind::Malformed;
    assert_eq!(new("issuer.example/introspect", "id", "s3cret"), malformed);
    assert_eq!(
        new("http://issuer.example/introspect", "id", "s3cret"),
        malformed
    );
    assert_eq!(
        new("https://id:s3cret@issuer.example/", "id", "s3cret"),
        malformed
    );
    assert_eq!(new(good, " ", "s3cret"), ConfigErrorKind::Blank);
    assert_eq!(new(good, "id", ""), ConfigErrorKind::Blank);
    let error = IntrospectionAuth::bearer(good, "").unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Blank);
    let error = IntrospectionAuth::bearer(good, "s3cret\r\nx: y").unwrap_err();
    assert_eq!(error.kind(), malformed);
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[test]
fn building_asks_nobody() {
    let issuer = issuer();
    let _tokens = tokens(&issuer);
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), 0);
}

#[test]
fn it_names_itself_and_the_place_it_reads() {
    fn is_fit<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let tokens = IntrospectionAuth::new("https://issuer.example/i", "id", "s3cret").unwrap();
    is_fit(&tokens);
    assert_eq!(tokens.name(), "introspection");
    assert_eq!(tokens.credentials(), [CredentialSource::bearer()]);
}

async fn through_a_layer(provider: &IntrospectionAuth, token: &str) -> Response<()> {
    let service = tower::service_fn(async |_: Request<()>| {
        Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    });
    let service = AuthLayer::new(provider.clone()).layer(service);
    let response = service.oneshot(bearing(token)).await;
    response.unwrap().map(drop)
}
