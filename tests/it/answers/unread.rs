//! What the log says of an `Authorization` that no provider took a credential from [2.5].

use crate::common;

use common::{
    answer::{guarded, run},
    log::Log,
};
use http::{HeaderName, header};
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest, CredentialSource,
    keys::{ManagedKeys, MemoryKeyStore},
    provider::{ApiKeyAuth, CompositeAuth, provider_fn},
};

const KEY: &str = "sk-live-9f3a51d8c702";

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([KEY]).unwrap()
}

/// The reason in the log for a request with that `Authorization`, which is always a plain 401.
async fn reason(layer: AuthLayer, authorization: &str) -> String {
    let app = guarded(layer);
    let log = Log::start();
    let answer = run(&app, &[("authorization", authorization.as_bytes())]).await;
    answer.refused_with(401, "missing_credential");
    assert_eq!(answer.challenges(), ["Bearer realm=\"api\""]);
    assert!(!log.text().contains(KEY), "{}", log.text());
    log.only().field("reason").unwrap().to_owned()
}

#[tokio::test]
async fn a_key_without_a_scheme_is_told_in_the_reason() {
    for value in [
        KEY,
        "  sk-live-9f3a51d8c702 ",
        "BearerX",
        "Bearer:sk-live-9f3a51d8c702",
    ] {
        let told = reason(AuthLayer::new(keys()), value).await;
        assert_eq!(told, "authorization_without_scheme", "{value:?}");
    }
}

#[tokio::test]
async fn a_key_after_another_scheme_is_told_in_the_reason() {
    for value in [
        "Token sk-live-9f3a51d8c702",
        "ApiKey sk-live-9f3a51d8c702",
        "Basic c2stbGl2ZQ==",
        "sk-live-9f3a51d8c702 Bearer",
    ] {
        let told = reason(AuthLayer::new(keys()), value).await;
        assert_eq!(told, "authorization_of_another_scheme", "{value:?}");
    }
}

#[tokio::test]
async fn a_scheme_without_a_credential_is_told_in_the_reason() {
    for value in ["Bearer", "bearer", "Bearer  "] {
        let told = reason(AuthLayer::new(keys()), value).await;
        assert_eq!(told, "authorization_without_credential", "{value:?}");
    }
}

#[tokio::test]
async fn a_tab_after_the_scheme_is_told_in_the_reason() {
    let told = reason(AuthLayer::new(keys()), "Bearer\tsk-live-9f3a51d8c702").await;
    assert_eq!(told, "authorization_with_tab_after_scheme");
}

#[tokio::test]
async fn an_authorization_that_no_provider_reads_is_told_in_the_reason() {
    let header = CredentialSource::header(HeaderName::from_static("x-agent-key"));
    let layer = AuthLayer::new(keys().with_credentials([header]));
    let told = reason(layer, "Bearer sk-live-9f3a51d8c702").await;
    assert_eq!(told, "authorization_is_not_read");
}

fn not_mine(places: Vec<CredentialSource>) -> AuthLayer {
    let answer = |_: &AuthRequest<'_>| Ok(None::<AuthContext>);
    AuthLayer::new(provider_fn(answer).with_credentials(places))
}

#[tokio::test]
async fn a_credential_that_no_provider_takes_for_its_own_is_told_in_the_reason() {
    for (place, value) in [
        (CredentialSource::bearer(), "Bearer x"),
        (CredentialSource::header(header::AUTHORIZATION), "x"),
    ] {
        let told = reason(not_mine(vec![place]), value).await;
        assert_eq!(told, "credential_not_taken", "{value:?}");
    }
    let keys = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk_live").unwrap();
    let app = guarded(AuthLayer::new(keys));
    let log = Log::start();
    for (value, told) in [(KEY, "credential_not_taken"), (" ", "missing_credential")] {
        run(&app, &[("x-api-key", value.as_bytes())]).await;
        assert_eq!(log.only().field("reason"), Some(told), "{value:?}");
    }
}

#[tokio::test]
async fn nothing_odd_is_told_where_there_is_nothing_odd() {
    for (layer, value) in [
        (AuthLayer::new(keys()), ""),
        (AuthLayer::new(keys()), "  "),
        // Who says nothing of where it looks may have looked there.
        (not_mine(Vec::new()), "Token x"),
    ] {
        assert_eq!(
            reason(layer, value).await,
            "missing_credential",
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn any_scheme_of_a_chain_is_a_scheme_that_is_read() {
    let token = provider_fn(|_: &AuthRequest<'_>| Ok(None))
        .with_name("token")
        .with_credentials([CredentialSource::authorization("Token")]);
    let app = guarded(AuthLayer::new(CompositeAuth::new(token).or(keys())));
    let log = Log::start();
    for (value, told) in [
        ("Token", "authorization_without_credential"),
        ("token x", "credential_not_taken"),
        ("Basic x", "authorization_of_another_scheme"),
    ] {
        run(&app, &[("authorization", value.as_bytes())]).await;
        assert_eq!(log.only().field("reason"), Some(told), "{value:?}");
    }
}
