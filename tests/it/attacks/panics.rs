//! Providers and authorizers that panic where nobody thinks of it: nobody gets in for it.

use crate::common;

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use common::answer::{Answer, guarded, request, send};
use tower::{Layer, ServiceExt};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthResult,
    authorize::{AuthorizeLayer, async_authorizer_fn},
    provider::{
        ApiKeyAuth, ApiKeyRecord, AuthProvider, CompositeAuth, async_provider_fn, provider_fn,
    },
};

#[tokio::test]
async fn a_future_that_panics_when_it_is_dropped_is_never_an_acceptance() {
    let provider = async_provider_fn(|_| Bomb(Ok(Some(AuthContext::new("ada")))));
    run(provider).await.refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_future_that_panics_when_it_is_dropped_leaves_the_rest_of_the_chain_alone() {
    let chain = CompositeAuth::new(async_provider_fn(|_| Bomb(Ok(None))))
        .or(provider_fn(|_| Ok(Some(AuthContext::new("ada")))).with_name("accepts"));
    run(chain).await.accepted_as("ada");
}

#[tokio::test]
async fn a_panic_that_panics_again_when_it_is_dropped_costs_503() {
    let at_once = provider_fn(|_| std::panic::panic_any(Bomb(())));
    run(at_once).await.refused_with(503, "unavailable");
    let later = async_provider_fn(async |_| std::panic::panic_any(Bomb(())));
    run(later).await.refused_with(503, "unavailable");
}

#[tokio::test]
async fn an_authorizer_that_panics_when_it_is_dropped_is_never_a_grant() {
    let authorizer = async_authorizer_fn(|_, _, _| Bomb(Ok(())));
    let app = guarded(AuthLayer::new(keys()).public("/public"))
        .layer(AuthorizeLayer::new(authorizer, "graph", "invoke").unwrap())
        .layer(AuthLayer::new(keys()));
    let answer = send(
        &app,
        request("GET", "/run", &[("x-api-key", b"sk-live-9f")]),
    )
    .await;
    answer.refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_set_a_panic_off() {
    let provider = async_provider_fn(|_| Bomb(Never));
    let service = AuthLayer::new(provider).layer(guarded(AuthLayer::new(keys())));
    let answer = Box::pin(service.oneshot(request("GET", "/run", &[])));
    assert!(futures_util::FutureExt::now_or_never(answer).is_none());
}

fn keys() -> ApiKeyAuth {
    let record = ApiKeyRecord::new("ada", "sk-live-9f").unwrap();
    ApiKeyAuth::new([record]).unwrap()
}

async fn run(provider: impl AuthProvider) -> Answer {
    let app = guarded(AuthLayer::new(provider));
    send(&app, request("GET", "/run", &[])).await
}

/// Panics when it is dropped; as a future it answers with what it holds.
struct Bomb<T>(T);

impl<T> Drop for Bomb<T> {
    fn drop(&mut self) {
        panic!("this panic belongs to the test");
    }
}

impl<T: Clone + Unpin> Future for Bomb<Result<T, AuthError>> {
    type Output = Result<T, AuthError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(self.0.clone())
    }
}

struct Never;

impl Future for Bomb<Never> {
    type Output = AuthResult;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}
