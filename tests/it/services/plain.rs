//! Around a plain `service_fn`, with whatever bodies it has.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthLayer,
    authorize::RequireScopes,
    provider::{ApiKeyAuth, ApiKeyRecord},
};

use crate::services::{KEY, layer};

async fn echo(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let caller = request.extensions().get::<AuthContext>().cloned();
    let mut body = caller.map_or("nobody".into(), |caller| caller.user_id().to_owned());
    body.push(':');
    let sent = request.into_body().collect().await.unwrap().to_bytes();
    body.push_str(std::str::from_utf8(&sent).unwrap());
    Ok(Response::new(Full::from(body)))
}

async fn text<B: Body<Data = Bytes>>(response: Response<B>) -> String
where
    B::Error: std::fmt::Debug,
{
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn an_accepted_call_reaches_it_with_body_and_caller() {
    let request = Request::post("/run").header("x-api-key", KEY);
    let request = request.body(Full::from("hello")).unwrap();
    let response = layer()
        .layer(service_fn(echo))
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let text = text(response).await;
    assert!(
        text.starts_with("apikey_") && text.ends_with(":hello"),
        "{text}"
    );
}

#[tokio::test]
async fn a_refused_call_does_not_reach_it() {
    let never = service_fn(
        async |_: Request<Full<Bytes>>| -> Result<Response<Full<Bytes>>, Infallible> {
            panic!("called without a credential")
        },
    );
    let request = Request::post("/run").body(Full::from("hello")).unwrap();
    let response = layer().layer(never).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    assert!(text(response).await.contains("missing_credential"));
}

#[tokio::test]
async fn it_goes_into_a_service_builder() {
    let service = ServiceBuilder::new()
        .map_response(|response: Response<_>| response.map(BodyExt::boxed))
        .layer(layer())
        .service_fn(echo);
    let request = Request::get("/health").body(Full::default()).unwrap();
    assert_eq!(
        text(service.oneshot(request).await.unwrap()).await,
        "nobody:"
    );
}

#[tokio::test]
async fn the_request_body_may_be_anything() {
    struct Opaque(u32);
    let inner = service_fn(async |request: Request<Opaque>| {
        assert_eq!(request.body().0, 7);
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let request = Request::get("/run").header("x-api-key", KEY);
    let response = layer()
        .layer(inner)
        .oneshot(request.body(Opaque(7)).unwrap());
    assert_eq!(response.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_request_body_may_be_borrowed() {
    let owner = String::from("borrowed");
    let inner = service_fn(async |request: Request<&str>| {
        assert_eq!(*request.body(), "borrowed");
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let request = Request::get("/run").header("x-api-key", KEY);
    let request = request.body(owner.as_str()).unwrap();
    let response = layer().layer(inner).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_response_body_needs_no_body_trait_to_pass_through_the_layer() {
    struct NotABody;
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(NotABody)));
    let request = Request::get("/run")
        .header("x-api-key", KEY)
        .body(())
        .unwrap();
    let response = layer().layer(inner).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// The head of a refusal of a request with that content type.
async fn refusal_of(content_type: &str) -> http::response::Parts {
    let inner = service_fn(echo);
    let request = Request::post("/run").header(header::CONTENT_TYPE, content_type);
    let request = request.body(Full::default()).unwrap();
    let response = layer().layer(inner).oneshot(request).await.unwrap();
    response.into_parts().0
}

#[tokio::test]
async fn a_refusal_speaks_grpc_to_those_who_do_and_stays_a_401() {
    for spoken in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web",
    ] {
        let refusal = refusal_of(spoken).await;
        assert_eq!(refusal.headers["grpc-status"], "16", "{spoken}");
        assert_eq!(refusal.status, StatusCode::UNAUTHORIZED);
        assert!(refusal.headers.contains_key(header::WWW_AUTHENTICATE));
    }
    for other in ["application/json", "text/application/grpc", ""] {
        let refusal = refusal_of(other).await;
        assert!(!refusal.headers.contains_key("grpc-status"), "{other}");
    }
}

#[tokio::test]
async fn what_an_inner_layer_refused_speaks_grpc_too() {
    let inner = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let inner = RequireScopes::all(["graph:invoke"]).unwrap().layer(inner);
    let record = ApiKeyRecord::new("partner", KEY).unwrap();
    let keys = ApiKeyAuth::new([record.with_scopes(["graph:read"])]).unwrap();
    let around = AuthLayer::new(keys).layer(inner.clone());

    let request = Request::post("/run").header(header::CONTENT_TYPE, "application/grpc");
    let request = request.header("x-api-key", KEY).body(()).unwrap();
    let refusal = around.oneshot(request).await.unwrap();
    assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    assert_eq!(refusal.headers()["grpc-status"], "7");

    // Where no layer of ours is around it, it speaks for itself.
    let request = Request::post("/run").header(header::CONTENT_TYPE, "application/grpc");
    let request = request.extension(AuthContext::new("ada")).body(()).unwrap();
    let refusal = inner.oneshot(request).await.unwrap();
    assert_eq!(refusal.headers()["grpc-status"], "7");
}
