//! Requests that go away while their provider waits.

use std::time::Duration;

use http::StatusCode;
use tower::{Service, ServiceExt, limit::ConcurrencyLimit, timeout::Timeout};

use crate::readiness::inner::{Held, Strict, call, from_user, is_ready, layered, or_hangs};

#[tokio::test]
async fn a_client_that_goes_away_takes_the_question_and_the_permit_with_it() {
    let held = Held::new();
    let mut service = layered(held.provider(), ConcurrencyLimit::new(Strict::default(), 1));
    let mut other = service.clone();

    let response = service.ready().await.unwrap().call(from_user("ada"));
    let task = tokio::spawn(response);
    tokio::task::yield_now().await;
    assert_eq!(held.under_way(), 1);
    assert!(!is_ready(&mut other));

    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(held.under_way(), 0, "the provider's future lives on");
    assert!(is_ready(&mut other), "the permit lives on");
}

#[tokio::test]
async fn a_response_that_is_never_polled_costs_nothing_once_dropped() {
    let held = Held::new();
    let mut service = layered(held.provider(), ConcurrencyLimit::new(Strict::default(), 1));
    let mut other = service.clone();
    drop(service.ready().await.unwrap().call(from_user("ada")));
    assert_eq!(held.under_way(), 0);
    assert!(is_ready(&mut other));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_ends_with_towers_timeout() {
    let held = Held::new();
    let auth = layered(held.provider(), ConcurrencyLimit::new(Strict::default(), 1));
    let mut service = Timeout::new(auth.clone(), Duration::from_secs(30));

    let response = service.ready().await.unwrap().call(from_user("ada"));
    let error = or_hangs(response).await.map(|_| ()).unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>(), "{error}");
    assert_eq!(held.under_way(), 0);

    held.let_go(1);
    let status = or_hangs(call(&mut auth.clone(), from_user("ada"))).await;
    assert_eq!(status, StatusCode::OK, "the next request is served");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_never_lets_anyone_in() {
    let held = Held::new();
    let mut service = layered(held.provider(), Strict::default());
    let response = service.ready().await.unwrap().call(from_user("ada"));
    let waited = tokio::time::timeout(Duration::from_secs(86_400), response).await;
    assert!(waited.is_err());
}
