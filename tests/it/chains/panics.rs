//! A provider that panics costs its request a 503, and nothing else.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest, AuthResult,
    provider::{AuthProvider, Authentication, CompositeAuth, async_provider_fn, provider_fn},
};

use crate::chains::members::block_on;

/// Two requests through one service: the first makes the provider panic, the second does not.
fn panics_then_answers(provider: impl AuthProvider) -> (StatusCode, StatusCode) {
    let inner = service_fn(async |_: Request<String>| {
        Ok::<_, std::convert::Infallible>(Response::new(
            http_body_util::Empty::<bytes::Bytes>::new(),
        ))
    });
    let mut service = AuthLayer::new(provider).layer(inner);
    let request = |panic: &str| {
        let request = Request::get("/run").header("x-panic", panic);
        request.body(String::new()).unwrap()
    };
    block_on(async {
        let service = service.ready().await.unwrap();
        let first = service.call(request("yes")).await.unwrap().status();
        let service = service.ready().await.unwrap();
        let second = service.call(request("no")).await.unwrap().status();
        (first, second)
    })
}

fn answer(panics: Option<&str>) -> AuthResult {
    if panics == Some("yes") {
        panic!("this panic belongs to the test");
    }
    Ok(Some(AuthContext::new("ada")))
}

const THEN_SERVES: (StatusCode, StatusCode) = (StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK);

#[test]
fn a_closure_that_panics_leaves_the_next_request_alone() {
    let provider = provider_fn(|request| answer(request.header("x-panic")));
    assert_eq!(panics_then_answers(provider), THEN_SERVES);
}

#[test]
fn a_future_that_panics_at_its_first_poll_leaves_the_next_request_alone() {
    let provider = async_provider_fn(async |request| answer(request.header("x-panic")));
    assert_eq!(panics_then_answers(provider), THEN_SERVES);
}

#[test]
fn a_future_that_panics_later_leaves_the_next_request_alone() {
    let provider = async_provider_fn(async |request| {
        tokio::task::yield_now().await;
        answer(request.header("x-panic"))
    });
    assert_eq!(panics_then_answers(provider), THEN_SERVES);
}

#[test]
fn a_closure_that_panics_before_its_future_exists_leaves_the_next_request_alone() {
    let provider = async_provider_fn(|request: tower_auth::AuthRequestBuf| {
        let answer = answer(request.header("x-panic"));
        async move { answer }
    });
    assert_eq!(panics_then_answers(provider), THEN_SERVES);
}

#[test]
fn a_panic_of_the_last_member_does_not_undo_that_an_earlier_one_accepted() {
    let accepts = provider_fn(|_| Ok(Some(AuthContext::new("ada")))).with_name("accepts");
    let chain =
        CompositeAuth::new(accepts).or(provider_fn(|_| panic!("this panic belongs to the test")));
    assert_eq!(panics_then_answers(chain), (StatusCode::OK, StatusCode::OK));
}

/// A provider whose name panics: the one call beside `authenticate` on the request path.
struct Nameless;

impl AuthProvider for Nameless {
    fn authenticate(&self, _: &AuthRequest<'_>) -> Authentication {
        Ok(Some(AuthContext::new("ada"))).into()
    }

    fn name(&self) -> &'static str {
        panic!("this panic belongs to the test");
    }
}

#[test]
fn a_name_that_panics_is_no_acceptance() {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(panics_then_answers(Nameless), (unavailable, unavailable));
}

/// A future that panics once and would accept if it were asked again.
struct PanicsOnce(Arc<AtomicU32>);

impl Future for PanicsOnce {
    type Output = AuthResult;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<AuthResult> {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            panic!("this panic belongs to the test");
        }
        Poll::Ready(Ok(Some(AuthContext::new("ada"))))
    }
}

#[test]
fn a_future_that_panicked_is_not_polled_again() {
    let polls = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&polls);
    let provider = async_provider_fn(move |_| PanicsOnce(Arc::clone(&seen)));
    let (first, second) = panics_then_answers(provider);
    assert_eq!(first, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        second,
        StatusCode::OK,
        "the next request has its own future"
    );
    assert_eq!(polls.load(Ordering::Relaxed), 2);
}
