//! What a refused caller reads: status, code, challenge, and who words it.

use axum::Router;
use http::HeaderValue;
use tower::Layer;
use tower_auth::{
    AuthError, AuthErrorKind, AuthLayer,
    authorize::{AuthorizeLayer, RequireScopes},
    testing,
};

use crate::authorize::{
    apps::{EVERY_ANSWER, Told, ada, get, run, signed_in},
    common::answer::Answer,
};

fn told(told: Told) -> Router {
    run()
        .route_layer(AuthorizeLayer::new(told.at_once(), "graph", "invoke").unwrap())
        .layer(signed_in(&ada(&[])))
}

async fn refused(told_to: Told) -> Answer {
    get(&told(told_to), "/run").await
}

#[tokio::test]
async fn each_answer_has_its_status() {
    for told in EVERY_ANSWER {
        assert_eq!(refused(told).await.status, told.status(), "{told:?}");
    }
}

#[tokio::test]
async fn a_pending_answer_has_the_status_of_one_at_once() {
    for told in EVERY_ANSWER {
        let app = run()
            .route_layer(AuthorizeLayer::new(told.later(), "graph", "invoke").unwrap())
            .layer(signed_in(&ada(&[])));
        let (later, at_once) = (get(&app, "/run").await, refused(told).await);
        assert_eq!(later.ran(), at_once.ran(), "{told:?}");
        assert_eq!(
            (later.status, later.headers, later.body),
            (at_once.status, at_once.headers, at_once.body),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    for (told, status, code) in [
        (Told::Scope, 403, "insufficient_scope"),
        (Told::Forbid, 403, "forbidden"),
        (Told::Hide, 404, "not_found"),
        (Told::Throttle, 429, "throttled"),
        (Told::Fail, 503, "unavailable"),
        (Told::Panic, 503, "unavailable"),
    ] {
        refused(told).await.refused_with(status, code);
    }
}

#[tokio::test]
async fn a_problem_body_tells_nothing_of_the_reason() {
    assert_eq!(
        refused(Told::Hide).await.body,
        r#"{"type":"about:blank","title":"Not Found","status":404,"code":"not_found","detail":"there is nothing here"}"#
    );
    assert_eq!(
        refused(Told::Forbid).await.body,
        r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"forbidden","detail":"the caller may not do this"}"#
    );
}

#[tokio::test]
async fn could_not_check_says_when_to_come_back() {
    assert_eq!(refused(Told::Fail).await.header("retry-after"), "5");
    assert_eq!(refused(Told::Panic).await.header("retry-after"), "5");
    assert_eq!(refused(Told::Throttle).await.header("retry-after"), "9");
}

#[tokio::test]
async fn a_denial_that_no_scope_mends_has_no_challenge() {
    for told in [Told::Forbid, Told::Hide, Told::Fail] {
        assert!(refused(told).await.challenges().is_empty(), "{told:?}");
    }
}

#[tokio::test]
async fn the_layer_around_names_its_realm() {
    let auth = signed_in(&ada(&[])).with_realm("agents").unwrap();
    let app = run()
        .route_layer(RequireScopes::all(["a"]).unwrap())
        .layer(auth);
    let answer = get(&app, "/run").await;
    let [challenge] = answer.challenges()[..] else {
        panic!("{:?}", answer.challenges())
    };
    assert!(challenge.starts_with(r#"Bearer realm="agents", error="insufficient_scope""#));
}

#[tokio::test]
async fn the_layer_around_replaces_the_response() {
    let auth = || {
        signed_in(&ada(&[])).with_refusal(|error, _, response| {
            response.map(|_| format!("no entry: {} {}", error.status(), error.code()).into())
        })
    };
    for (told, text) in [
        (Told::Scope, "no entry: 403 Forbidden insufficient_scope"),
        (Told::Hide, "no entry: 404 Not Found not_found"),
        (Told::Panic, "no entry: 503 Service Unavailable unavailable"),
    ] {
        for authorizer in [told.at_once(), told.later()] {
            let layer = AuthorizeLayer::new(authorizer, "graph", "invoke").unwrap();
            let answer = get(&run().route_layer(layer).layer(auth()), "/run").await;
            assert_eq!(
                (answer.status.as_u16(), &*answer.body),
                (told.status(), text.as_bytes())
            );
        }
    }
}

#[tokio::test]
async fn the_error_rides_in_the_response() {
    let answer = refused(Told::Hide).await;
    let error = answer.extensions.get::<AuthError>().unwrap();
    assert_eq!(
        (error.kind(), error.reason()),
        (AuthErrorKind::NotFound, "told")
    );
}

#[tokio::test]
async fn layers_in_between_keep_their_headers() {
    let in_between =
        tower::util::MapResponseLayer::new(|mut response: axum::response::Response| {
            let headers = response.headers_mut();
            headers.insert("x-request-id", HeaderValue::from_static("7"));
            response
        });
    let app = run()
        .route_layer(RequireScopes::all(["a"]).unwrap())
        .layer(in_between)
        .layer(signed_in(&ada(&[])).with_realm("agents").unwrap());
    let answer = get(&app, "/run").await;
    assert_eq!(answer.header("x-request-id"), "7");
    assert_eq!(answer.challenges().len(), 1);
}

#[tokio::test]
async fn denials_are_told_from_what_could_not_be_answered() {
    for told in EVERY_ANSWER {
        if let (false, Err(error)) = (told == Told::Panic, answer_of(told)) {
            let says_no = matches!(told, Told::Scope | Told::Forbid | Told::Hide);
            assert_eq!(error.is_denial(), says_no, "{told:?}");
        }
    }
    assert!(!AuthError::missing_credential().is_denial());
    assert!(!AuthError::invalid_credential("x").is_denial());
    assert!(!AuthError::invalid_request("x").is_denial());
}

fn answer_of(told: Told) -> Result<(), AuthError> {
    if told == Told::Panic {
        Ok(())
    } else {
        told.answer()
    }
}

#[tokio::test]
async fn a_chain_ranks_a_hidden_object_as_a_denial() {
    use tower_auth::provider::CompositeAuth;

    let chain = CompositeAuth::new(testing::refuse(AuthError::invalid_credential("x")))
        .or(testing::refuse(AuthError::not_found("x")));
    let app = AuthLayer::new(chain).layer(run());
    let response =
        tower::ServiceExt::oneshot(app, crate::common::answer::request("GET", "/run", &[]));
    assert_eq!(response.await.unwrap().status(), 404);
}
