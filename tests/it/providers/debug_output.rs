//! What the public types print, and that threads may share them.

use std::fmt::Debug;

use axum::{Router, body::Body};
use http::{HeaderName, Request};
use tower_auth::{
    Access, AuthContext, AuthError, AuthErrorKind, AuthLayer, AuthRequest, AuthRequestBuf,
    ClaimError, Clock, ConfigError, ConfigErrorKind, Credential, CredentialSource, Message,
    PathRule, Principal, ResponseBody, Scopes, Secret,
    auth::AuthService,
    provider::{
        AllowlistAuth, ApiKeyAuth, ApiKeyHandle, ApiKeyRecord, AuthProvider, CompositeAuth,
    },
    testing::ManualClock,
};
use tower_layer::Layer;

const CANARY: &str = "c4nary";

#[test]
fn debug_output_of_what_is_built_shows_no_key() {
    let record = ApiKeyRecord::new("ada", "c4nary-good").unwrap();
    let keys = ApiKeyAuth::new([record.clone()]).unwrap();
    let bare = ApiKeyAuth::new(["c4nary-bare"]).unwrap();
    let bare = bare.with_source("bare").unwrap();
    let chain = CompositeAuth::new(keys.clone()).or(bare.clone());
    let layer = AuthLayer::new(chain.clone());
    silent(&Secret::from("c4nary"));
    silent(&record);
    silent(&keys);
    silent(&keys.handle());
    silent(&bare);
    silent(&chain);
    silent(&layer.layer(()));
    silent(&layer);
    silent(&Access::provider(keys.clone()));
    silent(&keys.clone().and_then(async |context, _| Ok(context)));
    // SHA-256 of `c4nary-good`: with it a stolen log could be searched for the key.
    for shown in [
        format!("{record:?}"),
        format!("{keys:?}"),
        format!("{bare:#?}"),
    ] {
        assert!(shown.len() < 700 && !has_long_hex(&shown), "{shown}");
    }
}

#[test]
fn debug_output_of_a_request_shows_no_credential() {
    let request = Request::post("/run?key=c4nary")
        .header("x-api-key", "c4nary")
        .header("authorization", "Bearer c4nary")
        .header("cookie", "session=c4nary")
        .extension("c4nary")
        .body("c4nary")
        .unwrap();
    let view = AuthRequest::from(&request);
    silent(&view);
    silent(&view.to_buf());
    silent(
        &view
            .credential(&[CredentialSource::bearer()])
            .unwrap()
            .unwrap(),
    );
    let doubled = view.credential(&[
        CredentialSource::bearer(),
        CredentialSource::header(HeaderName::from_static("x-api-key")),
    ]);
    silent(&doubled.unwrap_err());
}

#[test]
fn debug_output_of_an_answer_shows_no_claims_values() {
    let context = AuthContext::new("ada")
        .with_claim("refresh_token", "c4nary")
        .add_response_header(
            http::header::SET_COOKIE,
            http::HeaderValue::from_static("session=c4nary"),
        );
    silent(&context);
    let keys = ApiKeyAuth::new(["c4nary-good"]).unwrap();
    let request = Request::get("/")
        .header("x-api-key", "c4nary-good")
        .body(())
        .unwrap();
    let answer = keys.authenticate(&AuthRequest::from(&request));
    silent(&answer);
}

#[test]
fn errors_of_building_show_no_key() {
    let record = |name: &str, key: &str| ApiKeyRecord::new(name, key);
    let keys = ApiKeyAuth::new(["c4nary-good"]).unwrap();
    for error in [
        record(" ", "c4nary").unwrap_err(),
        record("a", " c4nary").unwrap_err(),
        record("a", "c4nary\n").unwrap_err(),
        ApiKeyRecord::from_sha256("a", "c4nary").unwrap_err(),
        ApiKeyAuth::new(["c4nary", "c4nary"]).unwrap_err(),
        ApiKeyAuth::new([record("a", "c4nary"), record("b", "c4nary")].map(Result::unwrap))
            .unwrap_err(),
        keys.handle()
            .add(record("b", "c4nary-good").unwrap())
            .unwrap_err(),
    ] {
        silent(&error);
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
}

#[test]
fn public_types_may_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + Debug + 'static>() {}
    shared::<AuthLayer>();
    shared::<AuthService<Router>>();
    shared::<ApiKeyAuth>();
    shared::<ApiKeyHandle>();
    shared::<ApiKeyRecord>();
    shared::<AllowlistAuth>();
    shared::<CompositeAuth>();
    shared::<AuthContext>();
    shared::<AuthError>();
    shared::<AuthErrorKind>();
    shared::<ConfigError>();
    shared::<ConfigErrorKind>();
    shared::<AuthRequestBuf>();
    shared::<AuthRequest<'static>>();
    shared::<CredentialSource>();
    shared::<Message>();
    shared::<Access>();
    shared::<PathRule>();
    shared::<Principal<'static>>();
    shared::<Scopes>();
    shared::<Secret>();
    shared::<Clock>();
    shared::<ManualClock>();
    fn sent<T: Send + Sync + Debug + 'static>() {}
    sent::<ClaimError>();
    sent::<Credential<'static>>();
    sent::<ResponseBody<axum::body::Bytes>>();
}

#[test]
fn the_layers_future_may_move_between_threads() {
    fn sent<T: Send>(_: T) {}
    let mut service = AuthLayer::disabled().layer(Router::new());
    let request = Request::new(Body::empty());
    sent(tower::Service::call(&mut service, request));
}

#[track_caller]
fn silent(value: &impl Debug) {
    let shown = format!("{value:?} {value:#?}");
    assert!(!shown.contains(CANARY), "{shown}");
}

fn has_long_hex(text: &str) -> bool {
    text.split(|char: char| !char.is_ascii_hexdigit())
        .any(|run| run.len() >= 16)
}
