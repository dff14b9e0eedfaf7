//! A provider that does not say where it looks is told so when a layer is built with it.

use std::sync::Arc;

use crate::common;

use common::log::{Event, Log};
use http::HeaderName;
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer, AuthRequest, AuthRequestBuf, AuthResult,
    CredentialSource,
    provider::{
        AllowlistAuth, ApiKeyAuth, AsyncAuthProvider, AuthProvider, Authentication, CompositeAuth,
        async_provider_fn, provider_fn,
    },
    testing,
};
use tracing::Level;

struct Sessions;

impl AsyncAuthProvider for Sessions {
    async fn authenticate(self: Arc<Self>, _: AuthRequestBuf) -> AuthResult {
        Ok(None)
    }

    fn name(&self) -> &'static str {
        "sessions"
    }
}

/// Judges the peer's certificate, and no header.
struct Certificates;

impl AuthProvider for Certificates {
    fn authenticate(&self, _: &AuthRequest<'_>) -> Authentication {
        Ok(None).into()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        Vec::new()
    }
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new(["sk-live-9f3a51d8c702"]).unwrap()
}

fn nobody(_: &AuthRequest<'_>) -> AuthResult {
    Ok(None)
}

fn place() -> CredentialSource {
    CredentialSource::header(HeaderName::from_static("x-session"))
}

/// The warnings of whatever builds a layer.
fn warnings(build: impl FnOnce() -> AuthLayer) -> Vec<Event> {
    let log = Log::start();
    build();
    let mut events = log.events();
    events.retain(|event| {
        event.level == Level::WARN
            && event
                .field("message")
                .is_some_and(|text| text.contains("names no credentials"))
    });
    events
}

#[test]
fn a_provider_that_names_no_credentials_is_a_warning_with_its_name() {
    let events = warnings(|| AuthLayer::new(Sessions));
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].field("provider"), Some("sessions"));
    let text = events[0].field("message").unwrap();
    assert!(
        text.contains("credentials()") && text.contains("credential_sets()"),
        "{text}"
    );

    for build in [
        (|| AuthLayer::new(provider_fn(nobody))) as fn() -> AuthLayer,
        || AuthLayer::new(async_provider_fn(async |_| Ok(None))),
        || AuthLayer::new(Sessions.and_then(async |caller, _| Ok(caller))),
        || AuthLayer::new(keys()).access("/hook", Access::provider(Sessions)),
    ] {
        assert_eq!(warnings(build).len(), 1);
    }
}

#[test]
fn the_warning_says_which_one_of_a_chain() {
    let events = warnings(|| AuthLayer::new(CompositeAuth::new(keys()).or(Sessions)));
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].field("position"), Some("2"));
}

#[test]
fn a_provider_that_names_its_credentials_is_no_warning() {
    for build in [
        (|| AuthLayer::new(keys())) as fn() -> AuthLayer,
        || AuthLayer::new(provider_fn(nobody).with_credentials([place()])),
        || {
            AuthLayer::new(
                CompositeAuth::new(keys()).or(provider_fn(nobody).with_credentials([place()])),
            )
        },
    ] {
        assert!(warnings(build).is_empty());
    }
}

#[test]
fn a_provider_that_says_that_it_reads_none_is_no_warning() {
    for build in [
        (|| AuthLayer::new(Certificates)) as fn() -> AuthLayer,
        || AuthLayer::new(provider_fn(nobody).with_credentials([])),
        || AuthLayer::new(async_provider_fn(async |_| Ok(None)).with_credentials([])),
        || AuthLayer::new(AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap()),
        || AuthLayer::new(testing::accept(AuthContext::new("ada"))),
        || AuthLayer::new(testing::refuse(AuthError::forbidden("no"))),
        AuthLayer::disabled,
    ] {
        assert!(warnings(build).is_empty());
    }
}

#[test]
fn other_settings_warn_no_second_time() {
    let events = warnings(|| {
        AuthLayer::new(Sessions)
            .with_realm("agents")
            .unwrap()
            .hide_credentials(true)
    });
    assert_eq!(events.len(), 1, "{events:?}");
}
