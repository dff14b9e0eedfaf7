//! What a refusal leaves of the service inside: nothing it had reserved.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit};
use tower_auth::{
    AuthContext,
    authorize::{AuthorizeLayer, AuthorizeService, RequireScopes},
};

use crate::authorize::apps::{Told, ada};

/// Panics when it is called without having said that it is ready.
#[derive(Debug, Default)]
struct Strict {
    is_ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<()>> for Strict {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called unready");
        ready(Ok(Response::new("ran".to_owned())))
    }
}

type Limited = AuthorizeService<ConcurrencyLimit<Strict>>;

fn limited<L>(layer: L) -> Limited
where
    L: Layer<ConcurrencyLimit<Strict>, Service = Limited>,
{
    layer.layer(ConcurrencyLimit::new(Strict::default(), 1))
}

fn at_once(told: Told) -> Limited {
    limited(AuthorizeLayer::new(told.at_once(), "graph", "invoke").unwrap())
}

fn later(told: Told) -> Limited {
    limited(AuthorizeLayer::new(told.later(), "graph", "invoke").unwrap())
}

fn asking(caller: AuthContext) -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(caller);
    request
}

fn is_ready(service: &mut Limited) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    service.poll_ready(&mut cx).is_ready()
}

#[tokio::test]
async fn the_service_that_is_called_is_the_one_that_was_ready() {
    for mut service in [at_once(Told::Allow), later(Told::Allow)] {
        for _ in 0..3 {
            let response = service.ready().await.unwrap().call(asking(ada(&[])));
            assert_eq!(response.await.unwrap().status(), 200);
        }
    }
}

#[tokio::test]
async fn a_refusal_at_once_gives_the_permit_back_before_it_is_polled() {
    for mut kept in [
        at_once(Told::Forbid),
        limited(RequireScopes::all(["a"]).unwrap()),
    ] {
        let mut other = kept.clone();
        let response = kept.ready().await.unwrap().call(asking(ada(&[])));
        assert!(is_ready(&mut other), "the permit is kept");
        assert_eq!(response.await.unwrap().status(), 403);
    }
}

#[tokio::test]
async fn a_missing_context_gives_the_permit_back() {
    let mut kept = limited(RequireScopes::all(["a"]).unwrap());
    let mut other = kept.clone();
    let response = kept.ready().await.unwrap().call(Request::new(()));
    assert!(is_ready(&mut other), "the permit is kept");
    assert_eq!(response.await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_refusal_that_had_to_wait_gives_the_permit_back() {
    for told in [Told::Forbid, Told::Fail, Told::Panic] {
        let mut kept = later(told);
        let mut other = kept.clone();
        let mut response = Box::pin(kept.ready().await.unwrap().call(asking(ada(&[]))));
        let mut cx = Context::from_waker(Waker::noop());
        if told != Told::Panic {
            assert!(response.as_mut().poll(&mut cx).is_pending());
            assert!(!is_ready(&mut other), "the permit goes with the request");
        }
        assert_eq!(response.as_mut().await.unwrap().status(), told.status());
        assert!(is_ready(&mut other), "{told:?}: the permit is kept");
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_the_question_along() {
    let mut kept = later(Told::Allow);
    let mut other = kept.clone();
    let response = kept.ready().await.unwrap().call(asking(ada(&[])));
    assert!(!is_ready(&mut other));
    drop(response);
    assert!(is_ready(&mut other));
}
