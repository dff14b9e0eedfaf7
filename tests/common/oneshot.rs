//! Apps asked in memory, a request written as `METHOD /target`.

use axum::{Router, body::Body, extract::Request, response::Response};
use http::StatusCode;
use tower::{Service, ServiceExt};
use tower_auth::AuthLayer;

use super::runs::Runs;

/// An app whose routes answer with what ran.
pub fn app<const N: usize>(routes: [&'static str; N], layer: AuthLayer) -> Router {
    bare(routes).layer(layer)
}

/// Routes that answer with what ran, and no layer around them.
pub fn bare<const N: usize>(routes: [&'static str; N]) -> Router {
    routes.into_iter().fold(Router::new(), |app, path| {
        let answer = async |request: Request| {
            let runs = Runs::default();
            runs.note(request.uri().path(), &request);
            runs.take().concat()
        };
        app.route(path, axum::routing::any(answer))
    })
}

pub async fn ask<S, B>(app: &S, line: &str, headers: &[(&str, &str)]) -> http::Response<B>
where
    S: Service<Request, Response = http::Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

pub async fn status<S, B>(app: &S, line: &str) -> u16
where
    S: Service<Request, Response = http::Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    ask(app, line, &[]).await.status().as_u16()
}

pub async fn ran(app: &Router, line: &str, headers: &[(&str, &str)]) -> String {
    let answer: Response = ask(app, line, headers).await;
    assert_eq!(answer.status(), StatusCode::OK, "{line}");
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    String::from_utf8(body.unwrap().to_vec()).unwrap()
}
