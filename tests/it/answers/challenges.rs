//! What a refused caller is told to present.

use crate::common;

use common::answer::{guarded, run};
use tower_auth::{
    AuthError, AuthLayer, AuthRequest, AuthResult, ConfigErrorKind, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth, ProviderFn, provider_fn},
};

const KEY: &str = "sk-live-9f";
const SHOWN: &[(&str, &[u8])] = &[("x-api-key", b"sk-live-9f")];

#[tokio::test]
async fn challenges_once_per_distinct_scheme_in_the_order_of_the_chain() {
    let scheme = |scheme| {
        provider_fn(|_: &AuthRequest<'_>| Ok(None))
            .with_credentials([CredentialSource::authorization(scheme)])
            .with_name(scheme)
    };
    let chain = CompositeAuth::new(scheme("Signature"))
        .or(keys())
        .or(scheme("bearer"))
        .or(scheme("SIGNATURE"))
        .or(scheme("DPoP"));
    let app = guarded(AuthLayer::new(chain));
    let answer = run(&app, &[]).await;
    let expected = [
        "Signature realm=\"api\"",
        "Bearer realm=\"api\"",
        "DPoP realm=\"api\"",
    ];
    assert_eq!(answer.challenges(), expected);

    let answer = run(&app, &[("x-api-key", b"wrong")]).await;
    let challenges = answer.challenges();
    assert_eq!(challenges.len(), 3);
    assert!(challenges[1].contains("error=\"invalid_token\""));
    assert!(!challenges[0].contains("error") && !challenges[2].contains("error"));
}

#[tokio::test]
async fn a_provider_without_places_challenges_as_bearer() {
    let silent = provider_fn(|_: &AuthRequest<'_>| Ok(None));
    let answer = run(&guarded(AuthLayer::new(silent)), &[]).await;
    assert_eq!(answer.challenges(), ["Bearer realm=\"api\""]);
}

#[tokio::test]
async fn quotes_the_realm() {
    for (realm, quoted) in [
        ("agents", "Bearer realm=\"agents\""),
        ("my agents, v2", "Bearer realm=\"my agents, v2\""),
        (r#"a"b\c"#, r#"Bearer realm="a\"b\\c""#),
    ] {
        let layer = AuthLayer::new(keys()).with_realm(realm).unwrap();
        assert_eq!(run(&guarded(layer), &[]).await.challenges(), [quoted]);
    }
}

#[test]
fn a_realm_that_no_header_can_carry_is_refused_when_built() {
    for realm in ["", "a\r\nset-cookie: x", "a\tb", "\0", "réalm", "a\u{7f}"] {
        let error = AuthLayer::disabled().with_realm(realm).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{realm:?}");
        assert!(error.to_string().contains("printable ASCII"), "{error}");
    }
}

#[tokio::test]
async fn no_text_of_an_error_breaks_out_of_its_challenge() {
    let message = "a \"quoted\" \\ text\r\nset-cookie: x=1 né";
    for error in [
        AuthError::invalid_credential("x").with_message(message),
        AuthError::insufficient_scope("a\" b\\, evil=\"1\r\nx: y"),
    ] {
        let answer = run(&guarded(AuthLayer::new(refusing(error))), SHOWN).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        let challenge = answer.header("www-authenticate");
        // realm, error and error_description, and for the second also scope: all closed.
        let quotes = challenge.matches('"').count();
        assert!(
            matches!((answer.status.as_u16(), quotes), (401, 6) | (403, 8)),
            "{challenge}"
        );
        assert!(!challenge.contains(['\\', '\r', '\n']));
    }
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", KEY).unwrap()]).unwrap()
}

fn refusing(
    error: AuthError,
) -> ProviderFn<impl Fn(&AuthRequest<'_>) -> AuthResult + Send + Sync + 'static> {
    provider_fn(move |_: &AuthRequest<'_>| Err(error.clone()))
}
