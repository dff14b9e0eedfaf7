//! Tokens are for the resource, and a layer says where nothing sees to that. [15.2]

use tower_auth::{
    Access, AuthLayer,
    mcp::ProtectedResource,
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth, IntrospectionAuth, JwtAuth, UserinfoAuth},
};
use tracing::Level;

use super::kit::{URL, resource};
use crate::common::log::Log;

const SECRET: &str = "an example secret of 32 bytes …";

fn tokens() -> JwtAuth {
    JwtAuth::hs256(SECRET).unwrap()
}

fn introspection() -> IntrospectionAuth {
    IntrospectionAuth::new("https://issuer.example/introspect", "agent", "a secret").unwrap()
}

fn before(provider: impl AuthProvider) -> AuthLayer {
    AuthLayer::new(provider).protected_resource(&resource())
}

/// The providers that were warned of while something was built.
fn warned(build: impl FnOnce() -> AuthLayer) -> Vec<String> {
    let log = Log::start();
    let _layer = build();
    let events = log.events();
    let about = events.iter().filter(|event| {
        let message = event.field("message").unwrap();
        message.contains("does not ask whom a token is for")
    });
    about
        .map(|event| {
            assert_eq!(event.level, Level::WARN);
            assert_eq!(event.field("resource"), Some(URL));
            event.field("provider").unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_provider_that_names_no_audience_warns_before_a_protected_resource() {
    let keys = || ApiKeyAuth::new(["an example key of a caller"]).unwrap();
    assert_eq!(warned(|| before(tokens())), ["jwt"]);
    assert_eq!(warned(|| before(introspection())), ["introspection"]);
    let userinfo = UserinfoAuth::new("https://issuer.example/userinfo").unwrap();
    assert_eq!(warned(|| before(userinfo)), ["userinfo"]);
    assert_eq!(
        warned(|| before(CompositeAuth::new(keys()).or(tokens()).or(introspection()))),
        ["introspection", "jwt"]
    );
    let checked = tokens().and_then(async |caller, _| Ok(caller));
    assert_eq!(warned(|| before(checked)), ["jwt"]);
    let several = tokens().with_user_id_claims(["sub", "oid"]);
    assert_eq!(warned(|| before(several)), ["jwt"]);
}

#[test]
fn a_provider_of_one_path_warns_whether_the_resource_was_named_before_or_after() {
    let keys = || ApiKeyAuth::new(["an example key of a caller"]).unwrap();
    let rule = || Access::provider(tokens());
    assert_eq!(warned(|| before(keys()).access("/mcp", rule())), ["jwt"]);
    let after = || AuthLayer::new(keys()).access("/mcp", rule());
    assert_eq!(warned(|| after().protected_resource(&resource())), ["jwt"]);
}

#[test]
fn a_provider_that_names_an_audience_warns_of_nothing() {
    let named = CompositeAuth::new(tokens().with_audience(URL))
        .or(introspection().with_audience("another name of this server"));
    assert!(warned(|| before(named)).is_empty());
    let keys = ApiKeyAuth::new(["an example key of a caller"]).unwrap();
    assert!(warned(|| before(keys)).is_empty());
}

#[test]
fn without_a_protected_resource_nothing_is_said_of_audiences() {
    assert!(warned(|| AuthLayer::new(tokens())).is_empty());
}

#[test]
fn the_audience_of_a_resource_is_its_address() {
    assert_eq!(ProtectedResource::new(URL).unwrap().audience(), URL);
}
