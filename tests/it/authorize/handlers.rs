//! Decisions inside a handler answer as the layers do.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get as on_get};
use tower_auth::{
    AuthContext, AuthError,
    authorize::{
        AsyncAuthorizer, Authorization, AuthorizeLayer, Authorizer, Awaited, RequireScopes,
        by_scope,
    },
};

use crate::authorize::{
    apps::{EVERY_ANSWER, ada, get, signed_in},
    common::answer::Answer,
};

type Shared = Arc<dyn Authorizer>;

async fn checks(
    State(authorizer): State<Shared>,
    caller: AuthContext,
) -> Result<&'static str, AuthError> {
    authorizer.check(&caller, "graph", "invoke").await?;
    Ok("ran")
}

async fn requires(caller: AuthContext) -> Result<&'static str, AuthError> {
    caller.require_scopes("a b")?;
    Ok("ran")
}

fn seen(answer: Answer) -> (u16, http::HeaderMap, axum::body::Bytes) {
    (answer.status.as_u16(), answer.headers, answer.body)
}

fn auth(caller: &AuthContext) -> tower_auth::AuthLayer {
    signed_in(caller).with_realm("agents").unwrap()
}

#[tokio::test]
async fn a_check_answers_as_the_layer_does() {
    for told in EVERY_ANSWER {
        for authorizer in [told.at_once(), told.later()] {
            let handler = Router::new()
                .route("/run", on_get(checks))
                .with_state(Arc::clone(&authorizer))
                .layer(auth(&ada(&[])));
            let layer = Router::new()
                .route("/run", on_get(async || "ran"))
                .layer(AuthorizeLayer::new(authorizer, "graph", "invoke").unwrap())
                .layer(auth(&ada(&[])));
            assert_eq!(
                seen(get(&handler, "/run").await),
                seen(get(&layer, "/run").await),
                "{told:?}"
            );
        }
    }
}

#[tokio::test]
async fn require_answers_as_the_layer_does() {
    for scopes in [&["a", "b"][..], &["a"], &[], &["*"]] {
        let handler = Router::new()
            .route("/run", on_get(requires))
            .layer(auth(&ada(scopes)));
        let layer = Router::new()
            .route("/run", on_get(async || "ran"))
            .layer(RequireScopes::all(["a", "b"]).unwrap())
            .layer(auth(&ada(scopes)));
        assert_eq!(
            seen(get(&handler, "/run").await),
            seen(get(&layer, "/run").await),
            "{scopes:?}"
        );
    }
}

#[test]
fn requiring_nothing_grants_nothing() {
    for nothing in ["", " ", "   "] {
        let error = ada(&["*"]).require_scopes(nothing).unwrap_err();
        assert_eq!(error.reason(), "no_scope_named", "{nothing:?}");
    }
}

#[test]
fn a_tab_is_no_space_between_scopes() {
    assert!(ada(&["a", "b"]).require_scopes("a\tb").is_err());
}

struct Grants;

impl AsyncAuthorizer for Grants {
    async fn authorize(
        self: Arc<Self>,
        caller: AuthContext,
        resource: String,
        action: String,
    ) -> Result<(), AuthError> {
        tokio::task::yield_now().await;
        match format!("{} {action} {resource}", caller.user_id()).as_str() {
            "ada invoke graph" => Ok(()),
            _ => Err(AuthError::forbidden("no_grant")),
        }
    }

    fn name(&self) -> &'static str {
        "grants"
    }
}

#[tokio::test]
async fn an_async_authorizer_serves_a_layer_a_handler_and_itself_shared() {
    let shared = Arc::new(Grants);
    let app = Router::new()
        .route("/run", on_get(async || "ran"))
        .layer(AuthorizeLayer::new(Arc::clone(&shared), "graph", "invoke").unwrap())
        .layer(AuthorizeLayer::new(Grants, "graph", "invoke").unwrap())
        .layer(signed_in(&ada(&[])));
    assert_eq!(get(&app, "/run").await.status, 200);
    let grants = Awaited::new(shared);
    assert!(grants.check(&ada(&[]), "graph", "invoke").await.is_ok());
    let error = grants
        .clone()
        .check(&ada(&[]), "graph", "read")
        .await
        .unwrap_err();
    assert_eq!((error.provider(), error.reason()), ("grants", "no_grant"));
}

#[tokio::test]
async fn an_answer_can_be_awaited_without_knowing_its_kind() {
    let ready: Authorization = Ok(()).into();
    assert!(ready.await.is_ok());
    let pending = Authorization::pending(async { Err(AuthError::forbidden("x")) });
    assert!(format!("{pending:?}").contains("Pending"));
    assert!(pending.await.is_err());
}

#[tokio::test]
async fn a_check_that_is_polled_again_does_not_turn_into_a_grant() {
    let mut check = by_scope().check(&ada(&["graph:read"]), "graph", "read");
    assert!((&mut check).await.is_ok());
    assert!((&mut check).await.is_err());
}

#[tokio::test]
#[should_panic(expected = "polled after completion")]
async fn an_answer_that_is_polled_again_does_not_turn_into_a_grant() {
    let mut answer = IntoFuture::into_future(Authorization::from(Ok(())));
    assert!((&mut answer).await.is_ok());
    let _again = (&mut answer).await;
}

#[test]
fn contracts_are_shared_between_threads_and_objects() {
    fn is<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    fn moves<T: Send + std::fmt::Debug>() {}
    is::<RequireScopes>();
    is::<AuthorizeLayer>();
    is::<tower_auth::authorize::Policy>();
    is::<tower_auth::authorize::ByRole>();
    is::<tower_auth::authorize::AllOf>();
    is::<tower_auth::authorize::Not>();
    moves::<tower_auth::authorize::CheckFuture>();
    moves::<tower_auth::answer::AnswerFuture<Result<(), tower_auth::AuthError>>>();
    let _object: &dyn Authorizer = &by_scope();
}
