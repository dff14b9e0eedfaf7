//! `JwtAuth`: tokens checked with keys that are known beforehand.

use crate::common::jose;

use std::time::{Duration, UNIX_EPOCH};

use http::{Request, header};
use jose::{CLAIMS, NOW, SECRET, good, key, token};
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, AuthRequest, ConfigErrorKind, CredentialSource, Message,
    jose::{Algorithm, Key, KeySet},
    provider::{AuthProvider, Authentication, JwtAuth},
    testing::ManualClock,
};

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The provider that the helpers' tokens are for.
fn tokens() -> JwtAuth {
    tokens_of(key(Algorithm::HS256))
}

fn tokens_of(keys: impl Into<KeySet>) -> JwtAuth {
    JwtAuth::new(keys)
        .with_audience("my-agent")
        .with_issuer("https://issuer.example")
        .with_clock(ManualClock::at_unix(NOW).clock())
}

fn ask(provider: &JwtAuth, request: &Request<()>) -> Result<Option<AuthContext>, AuthError> {
    match provider.authenticate(&AuthRequest::from(request)) {
        Authentication::Ready(result) => result,
        Authentication::Pending(_) => panic!("a static key has nothing to wait for"),
    }
}

fn bearing(token: &str) -> Request<()> {
    with_authorization(&format!("Bearer {token}"))
}

fn with_authorization(value: &str) -> Request<()> {
    Request::builder()
        .header(header::AUTHORIZATION, value)
        .body(())
        .unwrap()
}

/// The reason for which a request with that token is refused.
fn reason(provider: &JwtAuth, token: &str) -> String {
    let error = ask(provider, &bearing(token)).unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::InvalidCredential);
    assert_eq!(error.status(), 401);
    error.reason().to_owned()
}

fn with_claims(claims: &str) -> String {
    token(Algorithm::HS256, HEADER, claims)
}

#[test]
fn accepts_every_algorithm_with_its_key() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let context = ask(&tokens_of(key(algorithm)), &bearing(&good(algorithm))).unwrap();
        assert_eq!(context.unwrap().user_id(), "ada", "{algorithm}");
    }
}

#[test]
fn accepts_what_jsonwebtoken_mints() {
    let claims: serde_json::Value = serde_json::from_str(CLAIMS).unwrap();
    let secret = jsonwebtoken::EncodingKey::from_secret(SECRET);
    let minted = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &secret).unwrap();
    assert_eq!(tokens().verify(&minted).unwrap().user_id(), "ada");
}

#[test]
fn the_context_says_who_and_how() {
    let json = r#"{"iss":"https://issuer.example","aud":"my-agent","sub":"ada","exp":1800000600,
        "scope":"agents:read *","role":"editor","realm_access":{"roles":["a","b"]}}"#;
    let context = tokens().verify(&with_claims(json)).unwrap();
    assert_eq!(context.user_id(), "ada");
    assert_eq!(context.method(), "jwt");
    assert_eq!(context.issuer(), Some("https://issuer.example"));
    let expiry = UNIX_EPOCH + Duration::from_secs(1_800_000_600);
    assert_eq!(context.expires_at(), Some(expiry));
    assert!(context.scopes().contains("agents:read"));
    assert!(!context.scopes().contains("agents:write") && !context.scopes().is_all());
    assert_eq!(
        context.claim::<String>("role").unwrap().as_deref(),
        Some("editor")
    );
    assert_eq!(context.metadata()["realm_access"]["roles"][1], "b");
    assert!(context.metadata().get("sub").is_none());
}

#[test]
fn a_token_named_as_a_key_is_somebody_else() {
    let token = with_claims(&CLAIMS.replace("ada", "frontend"));
    let context = tokens().verify(&token).unwrap();
    let key = AuthContext::new("frontend").with_method("api_key");
    assert_ne!(context.principal(), key.principal());
}

#[test]
fn scopes_are_read_from_the_claim_that_is_set() {
    let json = CLAIMS.replacen('}', r#","scp":["read","write"],"scope":"other"}"#, 1);
    let context = tokens()
        .with_scope_claim("scp")
        .verify(&with_claims(&json))
        .unwrap();
    assert_eq!(context.scopes().to_string(), "read write");
}

#[test]
fn the_scheme_knows_no_case_and_other_schemes_are_not_mine() {
    let token = good(Algorithm::HS256);
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let request = with_authorization(&format!("{scheme} {token}"));
        assert!(ask(&tokens(), &request).unwrap().is_some(), "{scheme}");
    }
    for value in ["Basic YTpi", "Bearer", "Bearer ", "DPoP x"] {
        let nothing = ask(&tokens(), &with_authorization(value)).unwrap();
        assert!(nothing.is_none(), "{value}");
    }
    let nothing = ask(&tokens(), &Request::new(())).unwrap();
    assert!(nothing.is_none());
}

#[test]
fn what_is_no_token_at_all_is_shown_and_wrong() {
    for (shown, expected) in [
        ("sk-live-9f", "jwt_not_three_parts"),
        ("a.b.c", "jwt_bad_base64"),
        ("..", "jwt_empty_part"),
        ("é.é.é", "jwt_bad_base64"),
    ] {
        assert_eq!(reason(&tokens(), shown), expected, "{shown}");
    }
    let bytes = http::HeaderValue::from_bytes(b"Bearer \xff.\xff.\xff").unwrap();
    let request = Request::builder()
        .header("authorization", bytes)
        .body(())
        .unwrap();
    let error = ask(&tokens(), &request).unwrap_err();
    assert_eq!(error.reason(), "jwt_bad_base64");
}

#[test]
fn the_caller_learns_expired_only_from_a_token_that_verifies() {
    let clock = ManualClock::at_unix(NOW);
    let provider = tokens().with_clock(clock.clock());
    let token = good(Algorithm::HS256);
    assert!(provider.verify(&token).is_ok());
    clock.advance(Duration::from_secs(629));
    assert!(provider.verify(&token).is_ok(), "within the leeway");
    clock.advance(Duration::from_secs(1));
    let error = provider.verify(&token).unwrap_err();
    assert_eq!(error.code(), "expired_credential");
    assert_eq!(error.reason(), "jwt_expired");

    let other = tokens_of(Key::hmac(Algorithm::HS256, [7; 32]).unwrap());
    let error = other.with_clock(clock.clock()).verify(&token).unwrap_err();
    assert_eq!(error.code(), "invalid_credential");
    assert_eq!(error.reason(), "jwt_bad_signature");
}

#[test]
fn nothing_is_lax_unless_asked_for() {
    let plain = JwtAuth::hs256(SECRET)
        .unwrap()
        .with_clock(ManualClock::at_unix(NOW).clock());
    assert_eq!(
        reason(&plain, &good(Algorithm::HS256)),
        "jwt_aud_unexpected"
    );
    let endless = with_claims(r#"{"sub":"ada"}"#);
    assert_eq!(reason(&plain, &endless), "jwt_exp_missing");
    let context = plain.insecure_allow_missing_exp().verify(&endless).unwrap();
    assert_eq!((context.user_id(), context.expires_at()), ("ada", None));
}

#[test]
fn settings_of_a_copy_leave_the_original_alone() {
    let original = tokens();
    let other = original.clone().with_audience("another-agent");
    let token = good(Algorithm::HS256);
    assert!(original.verify(&token).is_ok());
    assert_eq!(reason(&other, &token), "jwt_aud_mismatch");
    assert!(original.verify(&token).is_ok());
}

#[test]
fn a_remembered_token_is_judged_by_the_clock_again() {
    let clock = ManualClock::at_unix(NOW);
    let provider = tokens().with_clock(clock.clock());
    let token = with_claims(&CLAIMS.replace("1800000600", "1800000060"));
    assert!(provider.verify(&token).is_ok());
    clock.advance(Duration::from_secs(89));
    assert!(provider.verify(&token).is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&provider, &token), "jwt_expired");
}

#[test]
fn a_remembered_token_is_found_by_its_every_byte() {
    let provider = tokens();
    let good = good(Algorithm::HS256);
    assert!(provider.verify(&good).is_ok());
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(bytes).unwrap();
        assert!(provider.verify(&other).is_err(), "{at}");
    }
    assert!(provider.verify(&good).is_ok());
}

#[test]
fn remembered_or_not_the_answers_are_the_same() {
    let (on, off) = (tokens(), tokens().with_remembered_tokens(0));
    for token in [
        good(Algorithm::HS256),
        with_claims("{}"),
        "x.y.z".to_owned(),
    ] {
        for _ in 0..3 {
            let answer = |provider: &JwtAuth| {
                provider
                    .verify(&token)
                    .map(|context| context.user_id().to_owned())
                    .map_err(|error| error.reason().to_owned())
            };
            assert_eq!(answer(&on), answer(&off), "{token}");
        }
    }
}

#[test]
fn several_keys_are_chosen_by_kid() {
    let keys = [
        key(Algorithm::HS256).with_id("old"),
        Key::hmac(Algorithm::HS256, [7; 32]).unwrap().with_id("new"),
    ];
    let provider = tokens_of(KeySet::new(keys).unwrap());
    let named = |kid: &str| {
        token(
            Algorithm::HS256,
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            CLAIMS,
        )
    };
    assert!(provider.verify(&named("old")).is_ok());
    assert_eq!(reason(&provider, &named("new")), "jwt_bad_signature");
    assert_eq!(reason(&provider, &named("other")), "jwt_kid_unknown");
    assert_eq!(
        reason(&provider, &good(Algorithm::HS256)),
        "jwt_kid_missing"
    );
}

#[test]
fn reads_other_places_only_where_told_to() {
    let token = good(Algorithm::HS256);
    let cookie = Request::builder()
        .header(header::COOKIE, format!("a=b; token={token}"))
        .body(())
        .unwrap();
    let query = Request::get(format!("/ws?access_token={token}"))
        .body(())
        .unwrap();
    let socket = Request::builder()
        .header(
            header::SEC_WEBSOCKET_PROTOCOL,
            format!("chat, bearer, {token}"),
        )
        .body(())
        .unwrap();
    for (request, source) in [
        (cookie, CredentialSource::cookie("token")),
        (query, CredentialSource::insecure_query("access_token")),
        (socket, CredentialSource::websocket_protocol()),
    ] {
        assert!(ask(&tokens(), &request).unwrap().is_none());
        let provider = tokens().with_credentials([CredentialSource::bearer(), source]);
        assert!(ask(&provider, &request).unwrap().is_some());
        assert!(ask(&provider, &bearing(&token)).unwrap().is_some());
    }
}

#[test]
fn messages_are_not_mine() {
    let message = Message::new("telegram").with_user_id(42);
    let answer = tokens().authenticate(&AuthRequest::message(&message));
    assert!(matches!(answer, Authentication::Ready(Ok(None))));
}

#[test]
fn weak_settings_are_configuration_errors() {
    let kind = |secret: &[u8]| JwtAuth::hs256(secret).unwrap_err().kind();
    assert_eq!(kind(b"short"), ConfigErrorKind::WeakKey);
    assert_eq!(
        kind(jose::key_file("rsa.pub.pem").as_bytes()),
        ConfigErrorKind::WrongKey
    );
    assert!(tokens().with_leeway(Duration::from_secs(300)).is_ok());
    assert!(tokens().with_leeway(Duration::from_secs(301)).is_err());
}

#[test]
fn shows_no_secret() {
    let shown = format!("{:?}", tokens());
    assert!(
        shown.contains("my-agent") && shown.contains("HS256"),
        "{shown}"
    );
    assert!(!shown.contains("sixty-four"), "{shown}");
}

#[test]
fn is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<JwtAuth>();
}

#[test]
fn a_further_audience_is_accepted_beside_the_first() {
    let provider = tokens().add_audience("old-name");
    for (audience, is_accepted) in [("my-agent", true), ("old-name", true), ("other", false)] {
        let claims = CLAIMS.replace("my-agent", audience);
        let answer = ask(&provider, &bearing(&with_claims(&claims)));
        assert_eq!(answer.is_ok(), is_accepted, "{audience}");
    }
}

#[test]
fn strict_at_jwt_accepts_access_tokens_alone() {
    let strict = tokens().strict_at_jwt();
    let complete = CLAIMS.replacen('{', r#"{"client_id":"c","jti":"1","iat":1,"#, 1);
    let access = |claims: &str| {
        token(
            Algorithm::HS256,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            claims,
        )
    };
    assert!(ask(&strict, &bearing(&access(&complete))).is_ok());
    assert_eq!(reason(&strict, &with_claims(&complete)), "jwt_typ");
    let without = complete.replacen(r#""client_id":"c","#, "", 1);
    assert_eq!(
        reason(&strict, &access(&without)),
        "at_jwt_client_id_missing"
    );
}
