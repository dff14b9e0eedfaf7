//! A foreign object and one that is not there answer alike, byte for byte.

use std::sync::Arc;

use axum::{Router, routing::any};
use http::{HeaderMap, StatusCode};
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, AuthLayer, Principal,
    authorize::{
        AuthorizeLayer, Authorizer, all_of, any_of, async_by_owner, by_owner, by_role, by_scope,
    },
    testing,
};

use crate::authorize::{
    apps::{ada, get, signed_in},
    common::{
        answer::{Answer, witness},
        log::Log,
    },
};

/// Document 7 is Ada's, document 8 is Bob's, others do not exist.
fn owner_of(resource: &str) -> Result<Option<Principal<'static>>, AuthError> {
    let owner = match resource {
        "document:7" => Some("ada"),
        "document:8" => Some("bob"),
        _ => None,
    };
    Ok(owner.map(|name| {
        let owner = AuthContext::new(name).with_method("api_key");
        owner.principal().into_owned()
    }))
}

fn hidden() -> Arc<dyn Authorizer> {
    Arc::new(by_owner(owner_of).hide_foreign())
}

fn hidden_later() -> Arc<dyn Authorizer> {
    let look_up = async |resource: String| {
        tokio::task::yield_now().await;
        owner_of(&resource)
    };
    Arc::new(async_by_owner(look_up).hide_foreign())
}

/// Every authorizer that hides, alone and among others.
fn every_hiding() -> Vec<Arc<dyn Authorizer>> {
    let roles = || by_role([("admin", "*")]).unwrap();
    vec![
        hidden(),
        hidden_later(),
        Arc::new(any_of(roles()).or(hidden())),
        Arc::new(any_of(hidden_later()).or(by_scope())),
        Arc::new(any_of(by_scope()).or(hidden()).or(roles())),
        Arc::new(all_of(hidden()).and(by_scope())),
        Arc::new(any_of(all_of(hidden_later()).and(roles())).or(by_scope())),
    ]
}

fn documents(authorizer: Arc<dyn Authorizer>, auth: AuthLayer) -> Router {
    let layer = AuthorizeLayer::new(authorizer, "document:{id}", "read").unwrap();
    Router::new()
        .route("/documents/{id}", any(witness).layer(layer))
        .layer(auth)
}

/// All that a caller sees.
fn seen(answer: Answer) -> (StatusCode, HeaderMap, Vec<u8>) {
    (answer.status, answer.headers, answer.body.to_vec())
}

#[tokio::test]
async fn the_owner_gets_in() {
    for authorizer in [hidden(), hidden_later()] {
        let app = documents(authorizer, signed_in(&ada(&[])));
        get(&app, "/documents/7").await.accepted_as("ada");
    }
}

#[tokio::test]
async fn a_foreign_object_is_a_404() {
    for authorizer in every_hiding() {
        let app = documents(authorizer, signed_in(&ada(&[])));
        get(&app, "/documents/8")
            .await
            .refused_with(404, "not_found");
    }
}

#[tokio::test]
async fn a_foreign_object_answers_as_one_that_is_not_there() {
    for authorizer in every_hiding() {
        let app = documents(authorizer, signed_in(&ada(&[])));
        let foreign = seen(get(&app, "/documents/8").await);
        for absent in ["/documents/9", "/documents/%38%38", "/documents/*"] {
            assert_eq!(seen(get(&app, absent).await), foreign, "{absent}");
        }
    }
}

#[tokio::test]
async fn without_hiding_both_are_the_same_403() {
    let app = documents(Arc::new(by_owner(owner_of)), signed_in(&ada(&[])));
    let foreign = get(&app, "/documents/8").await;
    foreign.refused_with(403, "forbidden");
    assert_eq!(seen(foreign), seen(get(&app, "/documents/9").await));
}

#[tokio::test]
async fn a_replaced_response_sees_no_difference_either() {
    let auth = || {
        signed_in(&ada(&[]))
            .with_refusal(|error, _, response| response.map(|_| format!("{error:?}").into()))
    };
    let app = documents(hidden(), auth());
    let foreign = seen(get(&app, "/documents/8").await);
    assert_eq!(seen(get(&app, "/documents/9").await), foreign);
}

#[tokio::test]
async fn the_log_has_one_reason_for_both() {
    let app = documents(hidden(), signed_in(&ada(&[])));
    let reason = async |path| {
        let log = Log::start();
        get(&app, path).await;
        log.events()
            .pop()
            .unwrap()
            .field("reason")
            .unwrap()
            .to_owned()
    };
    assert_eq!(reason("/documents/8").await, reason("/documents/9").await);
}

#[tokio::test]
async fn a_handler_that_checks_answers_as_the_layer_does() {
    async fn read(
        axum::extract::Path(id): axum::extract::Path<String>,
        caller: AuthContext,
    ) -> Result<String, AuthError> {
        hidden()
            .check(&caller, &format!("document:{id}"), "read")
            .await?;
        Ok(id)
    }
    let by_handler = Router::new()
        .route("/documents/{id}", any(read))
        .layer(signed_in(&ada(&[])));
    let by_layer = documents(hidden(), signed_in(&ada(&[])));
    for path in ["/documents/8", "/documents/9"] {
        assert_eq!(
            seen(get(&by_handler, path).await),
            seen(get(&by_layer, path).await)
        );
    }
    assert_eq!(get(&by_handler, "/documents/7").await.status, 200);
}

#[tokio::test]
async fn who_is_not_known_learns_nothing_of_ids() {
    let nobody = || AuthLayer::new(testing::refuse(AuthError::invalid_credential("x")));
    let app = documents(hidden(), nobody());
    let answers = ["/documents/7", "/documents/8", "/documents/9"];
    for path in answers {
        get(&app, path)
            .await
            .refused_with(401, "invalid_credential");
    }
}

#[test]
fn the_kind_says_that_it_hides() {
    let error = AuthError::not_found("x");
    assert_eq!(error.kind(), AuthErrorKind::NotFound);
    assert_eq!((error.status().as_u16(), error.code()), (404, "not_found"));
    assert!(error.is_denial() && error.retry_after().is_none());
}
