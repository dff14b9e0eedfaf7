//! Ten thousand requests at once: nobody gets anybody else's answer.

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{ServiceExt, buffer::Buffer, limit::ConcurrencyLimit, service_fn};
use tower_auth::AuthContext;

use crate::readiness::inner::{Body, Held, from_nobody, from_user, later, layered};

const REQUESTS: usize = 10_000;

/// Answers with the caller, after a while.
async fn whoami(request: Request<Body>) -> Result<Response<Body>, tower::BoxError> {
    tokio::task::yield_now().await;
    let shown = request.headers()["x-user"].to_str().unwrap().to_owned();
    let caller = request.extensions().get::<AuthContext>().unwrap();
    assert_eq!(caller.user_id(), shown);
    Ok(Response::new(Body::from(caller.user_id().to_owned())))
}

fn request(index: usize) -> Request<Body> {
    match index % 5 {
        3 => from_user("wrong"),
        4 => from_nobody(),
        _ => from_user(&format!("user-{index}")),
    }
}

async fn check<B>(index: usize, response: Response<B>)
where
    B: http_body::Body<Data = bytes::Bytes>,
    B::Error: std::fmt::Debug,
{
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    if index % 5 < 3 {
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, format!("user-{index}"));
    } else {
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let code = [r#""invalid_credential""#, r#""missing_credential""#][index % 5 - 3];
        let problem = String::from_utf8(body.to_vec()).unwrap();
        assert!(problem.contains(code), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_that_wait_together_get_each_its_own_answer() {
    let held = Held::new();
    let service = layered(held.provider(), service_fn(whoami));
    let tasks: Vec<_> = (0..REQUESTS)
        .map(|index| tokio::spawn(service.clone().oneshot(request(index))))
        .collect();
    while held.under_way() < REQUESTS {
        tokio::task::yield_now().await;
    }
    held.let_go(REQUESTS);
    for (index, task) in tasks.into_iter().enumerate() {
        check(index, task.await.unwrap().unwrap()).await;
    }
    assert_eq!(held.under_way(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_share_a_limit_and_a_buffer_with_no_answer_mixed_up() {
    let inner = Buffer::new(service_fn(whoami), 16);
    let service = layered(later(), ConcurrencyLimit::new(inner, 64));
    let tasks: Vec<_> = (0..REQUESTS)
        .map(|index| tokio::spawn(service.clone().oneshot(request(index))))
        .collect();
    for (index, task) in tasks.into_iter().enumerate() {
        check(index, task.await.unwrap().unwrap()).await;
    }
}
