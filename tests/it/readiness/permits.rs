//! What the service inside reserved goes with the request, or is given back.

use http::{Request, Response, StatusCode};
use tower::{Service, ServiceExt, buffer::Buffer, limit::ConcurrencyLimit, service_fn};
use tower_auth::provider::AuthProvider;

use crate::readiness::inner::{
    Body, Held, Strict, at_once, call, from_nobody, from_user, is_ready, later, layered, or_hangs,
};

fn one_at_a_time() -> ConcurrencyLimit<Strict> {
    ConcurrencyLimit::new(Strict::default(), 1)
}

async fn calls_only_the_ready_service(provider: impl AuthProvider) {
    let mut service = layered(provider, Strict::default());
    for (request, status) in [
        (from_user("ada"), StatusCode::OK),
        (from_user("wrong"), StatusCode::UNAUTHORIZED),
        (from_user("ada"), StatusCode::OK),
        (from_nobody(), StatusCode::UNAUTHORIZED),
        (from_user("bob"), StatusCode::OK),
    ] {
        assert_eq!(call(&mut service, request).await, status);
    }
}

#[tokio::test]
async fn calls_the_service_that_said_it_was_ready_and_not_a_clone() {
    calls_only_the_ready_service(at_once()).await;
}

#[tokio::test]
async fn calls_the_service_that_was_ready_before_the_provider_had_to_wait() {
    calls_only_the_ready_service(later()).await;
}

#[tokio::test]
async fn calls_the_ready_service_on_public_paths() {
    let mut service = layered(at_once(), Strict::default());
    for _ in 0..2 {
        let request = Request::get("/health").body(Body::default()).unwrap();
        assert_eq!(call(&mut service, request).await, StatusCode::OK);
    }
}

async fn serves_again_and_again(provider: impl AuthProvider) {
    let mut service = layered(provider, one_at_a_time());
    for _ in 0..3 {
        let status = or_hangs(call(&mut service, from_user("ada"))).await;
        assert_eq!(status, StatusCode::OK);
        let status = or_hangs(call(&mut service, from_user("wrong"))).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_serves_request_after_request() {
    serves_again_and_again(at_once()).await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_serves_request_after_request_that_had_to_wait() {
    serves_again_and_again(later()).await;
}

#[tokio::test]
async fn a_refusal_at_once_gives_the_permit_back_before_its_response_is_polled() {
    let mut kept = layered(at_once(), one_at_a_time());
    let mut other = kept.clone();
    let response = kept.ready().await.unwrap().call(from_user("wrong"));
    assert!(is_ready(&mut other), "the kept service holds the permit");
    assert_eq!(response.await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_kept_clone_holds_no_permit_after_a_refusal_that_had_to_wait() {
    let mut kept = layered(later(), one_at_a_time());
    let mut other = kept.clone();
    let response = kept.ready().await.unwrap().call(from_user("wrong")).await;
    assert!(is_ready(&mut other), "a permit is kept");
    assert_eq!(response.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_request_whose_provider_waits_holds_its_permit_and_no_more() {
    let held = Held::new();
    let mut kept = layered(held.provider(), one_at_a_time());
    let mut other = kept.clone();
    let response = kept.ready().await.unwrap().call(from_user("ada"));
    assert!(!is_ready(&mut other), "the limit does not hold");
    held.let_go(1);
    assert_eq!(response.await.unwrap().status(), StatusCode::OK);
    assert!(is_ready(&mut other), "the permit outlives the response");
}

#[tokio::test]
async fn the_permit_of_an_accepted_request_lasts_as_long_as_its_handler() {
    let (open, opened) = tokio::sync::oneshot::channel::<()>();
    let opened = std::sync::Arc::new(tokio::sync::Mutex::new(Some(opened)));
    let inner = service_fn(move |_: Request<Body>| {
        let opened = opened.clone();
        async move {
            opened.lock().await.take().unwrap().await.unwrap();
            Ok::<_, std::convert::Infallible>(Response::new(Body::default()))
        }
    });
    let mut kept = layered(later(), ConcurrencyLimit::new(inner, 1));
    let mut other = kept.clone();
    let response = kept.ready().await.unwrap().call(from_user("ada"));
    let response = tokio::spawn(response);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!is_ready(&mut other));
    open.send(()).unwrap();
    assert_eq!(response.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(is_ready(&mut other));
}

async fn fills_no_buffer(provider: impl AuthProvider) {
    let service = layered(provider, Buffer::new(Strict::default(), 1));
    let mut kept = Vec::new();
    for _ in 0..10 {
        let mut refused = service.clone();
        let status = or_hangs(call(&mut refused, from_user("wrong"))).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        kept.push(refused);
    }
    let mut accepted = service.clone();
    let status = or_hangs(call(&mut accepted, from_user("ada"))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn kept_clones_of_refused_requests_fill_no_buffer() {
    fills_no_buffer(at_once()).await;
}

#[tokio::test(start_paused = true)]
async fn kept_clones_of_requests_refused_later_fill_no_buffer() {
    fills_no_buffer(later()).await;
}

#[tokio::test(start_paused = true)]
async fn kept_clones_of_refused_requests_exhaust_no_limit() {
    let service = layered(at_once(), ConcurrencyLimit::new(Strict::default(), 2));
    let mut kept = Vec::new();
    for _ in 0..10 {
        let mut refused = service.clone();
        let status = or_hangs(call(&mut refused, from_nobody())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        kept.push(refused);
    }
    let status = or_hangs(call(&mut service.clone(), from_user("ada"))).await;
    assert_eq!(status, StatusCode::OK);
}
