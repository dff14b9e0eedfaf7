//! Errors of the service inside are its own.

use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{Request, Response};
use tower::{Service, ServiceExt};
use tower_auth::provider::AuthProvider;

use crate::readiness::inner::{Body, at_once, from_user, later, layered};

/// Fails when it is asked whether it is ready, or when it is called.
#[derive(Clone)]
struct Broken {
    when_asked: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Fault {
    NotReady,
    Failed,
}

impl Service<Request<Body>> for Broken {
    type Response = Response<Body>;
    type Error = Fault;
    type Future = Ready<Result<Response<Body>, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(if self.when_asked {
            Err(Fault::NotReady)
        } else {
            Ok(())
        })
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Err(Fault::Failed))
    }
}

async fn fault(provider: impl AuthProvider, when_asked: bool) -> Fault {
    let service = layered(provider, Broken { when_asked });
    let answer = service.oneshot(from_user("ada")).await;
    answer.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn an_error_of_poll_ready_passes_through() {
    assert_eq!(fault(at_once(), true).await, Fault::NotReady);
}

#[tokio::test]
async fn an_error_of_the_call_passes_through() {
    assert_eq!(fault(at_once(), false).await, Fault::Failed);
}

#[tokio::test]
async fn an_error_of_the_call_passes_through_after_a_wait() {
    assert_eq!(fault(later(), false).await, Fault::Failed);
}

/// Never ready.
#[derive(Clone)]
struct Busy;

impl Service<Request<Body>> for Busy {
    type Response = Response<Body>;
    type Error = Fault;
    type Future = Ready<Result<Response<Body>, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        panic!("called unready");
    }
}

#[test]
fn back_pressure_of_the_service_inside_reaches_the_outside() {
    let mut service = layered(at_once(), Busy);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending());
}
