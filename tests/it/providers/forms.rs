//! What a newcomer writes first compiles where it can mean one thing.

use std::sync::Arc;

use crate::common;

use common::answer::{guarded, run};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, ClaimError, IntoAuthError, Secret,
    authorize::{AllOf, AnyOf, AuthorizeLayer, Authorizer, RequireScopes, by_scope},
    provider::{ApiKeyAuth, ApiKeyRecord, AuthProvider, CompositeAuth},
};

const KEY: &str = "sk-live-9f3a51d8c702";

async fn accepts(layer: AuthLayer) {
    let app = guarded(layer);
    let answer = run(&app, &[("x-api-key", KEY.as_bytes())]).await;
    assert!(answer.ran(), "{answer:?}");
    run(&app, &[("x-api-key", b"wrong")])
        .await
        .refused_with(401, "invalid_credential");
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new(KEY).unwrap()
}

#[tokio::test]
async fn one_key_is_given_as_it_is() {
    let record = || ApiKeyRecord::new("ada", KEY).unwrap();
    for keys in [
        ApiKeyAuth::new(KEY),
        ApiKeyAuth::new(KEY.to_owned()),
        ApiKeyAuth::new(Secret::from(KEY)),
        ApiKeyAuth::new(record()),
        ApiKeyAuth::new([KEY]),
        ApiKeyAuth::new(vec![record()]),
        ApiKeyAuth::new(Some(KEY.to_owned())),
        ApiKeyAuth::new(KEY.split(',')),
    ] {
        accepts(AuthLayer::new(keys.unwrap())).await;
    }
    let keys = ApiKeyAuth::empty();
    keys.handle().replace_all(KEY).unwrap();
    accepts(AuthLayer::new(keys)).await;
}

#[test]
fn one_key_is_judged_as_several_are() {
    for blank in ["", " "] {
        assert_eq!(
            ApiKeyAuth::new(blank).unwrap_err().kind(),
            ApiKeyAuth::new([blank]).unwrap_err().kind()
        );
    }
    assert!(ApiKeyAuth::new(None::<String>).is_err());
}

#[test]
fn a_text_of_scopes_is_those_between_its_spaces() {
    let caller = AuthContext::new("ada").with_scopes(["files:read"]);
    for (required, is_held) in [
        (RequireScopes::all("files:read"), true),
        (RequireScopes::all(["files:read"]), true),
        (RequireScopes::all("files:read files:write"), false),
        (RequireScopes::any("files:read files:write"), true),
        (RequireScopes::any("files:write".to_owned()), false),
    ] {
        assert_eq!(required.unwrap().check(&caller).is_ok(), is_held);
    }
    assert!(RequireScopes::all("").is_err());
}

#[tokio::test]
async fn a_boxed_provider_is_a_provider() {
    let boxed: Box<dyn AuthProvider> = Box::new(keys());
    assert_eq!((boxed.name(), boxed.credentials().len()), ("api_key", 2));
    assert_eq!(boxed.principal_sources()[0].method(), "api_key");
    assert_eq!(boxed.credential_sets()[0], boxed.credentials());
    accepts(AuthLayer::new(boxed)).await;
}

#[tokio::test]
async fn a_list_of_providers_of_one_form_is_a_chain() {
    let boxed: Vec<Box<dyn AuthProvider>> = vec![Box::new(keys())];
    accepts(AuthLayer::new(
        CompositeAuth::from_providers(boxed).unwrap(),
    ))
    .await;
    let shared: Vec<Arc<dyn AuthProvider>> = vec![Arc::new(keys())];
    accepts(AuthLayer::new(
        CompositeAuth::from_providers(shared).unwrap(),
    ))
    .await;
    accepts(AuthLayer::new(
        CompositeAuth::from_providers([keys()]).unwrap(),
    ))
    .await;
}

#[test]
fn a_boxed_authorizer_is_an_authorizer() {
    let boxed: Box<dyn Authorizer> = Box::new(by_scope());
    assert_eq!(boxed.name(), by_scope().name());
    assert!(AuthorizeLayer::new(boxed, "graph", "invoke").is_ok());
    let boxed = || vec![Box::new(by_scope()) as Box<dyn Authorizer>];
    assert!(AllOf::from_authorizers(boxed()).is_ok());
    assert!(AnyOf::from_authorizers(boxed()).is_ok());
}

#[test]
fn an_error_that_says_what_it_means_is_turned_by_a_question_mark() {
    struct Away;
    impl IntoAuthError for Away {
        fn into_auth_error(self) -> AuthError {
            AuthError::unavailable("the database is away")
        }
    }
    fn ask(outcome: Result<u8, Away>) -> Result<u8, AuthError> {
        Ok(outcome?)
    }
    assert_eq!(ask(Ok(7)).unwrap(), 7);
    assert_eq!(ask(Err(Away)).unwrap_err().status(), 503);
}

#[test]
fn a_claim_of_another_type_is_a_403_by_a_question_mark() {
    fn tenant(caller: &AuthContext) -> Result<Option<String>, AuthError> {
        let claim: Result<Option<String>, ClaimError> = caller.claim("tenant");
        Ok(claim?)
    }
    let caller = AuthContext::new("ada");
    assert_eq!(tenant(&caller).unwrap(), None);
    let error = tenant(&caller.with_claim("tenant", 7)).unwrap_err();
    assert_eq!(error.status(), 403);
    assert_eq!(error.reason(), "claim_of_another_type: tenant");
}
