//! The timed unit, the same for all: one request, from the copy of a prepared head until the
//! response is dropped.

use std::{
    convert::Infallible,
    fmt,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, request::Parts};
use tower_service::Service;

/// The service behind every contender: 200 and a small body, as a handler of axum returns it.
///
/// Two peers accept no other body than axum's, so all get it.
#[derive(Clone, Debug)]
pub struct Inner;

impl Service<Request<Body>> for Inner {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        drop(black_box(request));
        ready(Ok(Response::new(Body::from("ran"))))
    }
}

/// A response as far as it is looked at.
pub trait Answer {
    /// Its status.
    fn status(&self) -> StatusCode;
}

impl<B> Answer for Response<B> {
    fn status(&self) -> StatusCode {
        Response::status(self)
    }
}

/// A prepared request: the same head for all, but for the credential.
#[derive(Clone, Debug)]
pub struct Head(Parts);

impl Head {
    /// The head without a credential.
    pub fn bare() -> Self {
        let request = Request::post("/run")
            .header("host", "agent.example")
            .header("user-agent", "peers/1.0")
            .header("accept", "application/json")
            .header("content-type", "application/json");
        let request = request.body(()).expect("the head is well-formed");
        Self(request.into_parts().0)
    }

    /// The head with an API key in `X-API-Key`.
    pub fn with_key(key: &str) -> Self {
        Self::bare().with(KEY_HEADER, key)
    }

    /// The head with a bearer credential.
    pub fn with_bearer(credential: &str) -> Self {
        Self::bare().with(http::header::AUTHORIZATION, &format!("Bearer {credential}"))
    }

    /// Its header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// A request of its own.
    pub fn request(&self) -> Request<Body> {
        Request::from_parts(self.0.clone(), Body::empty())
    }

    /// A request of its own that shows another API key.
    pub fn request_with_key(&self, key: &[u8]) -> Request<Body> {
        let mut request = self.request();
        let key = HeaderValue::from_bytes(key).expect("keys here are ASCII");
        request.headers_mut().insert(KEY_HEADER, key);
        request
    }

    /// Replaces a header field.
    pub fn add(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.headers.insert(name, value);
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("credentials here are ASCII");
        self.0.headers.insert(name, value);
        self
    }
}

/// Calls a service once and says what it answered.
///
/// No executor takes part: whoever has its keys answers at the first poll, peers with `async`
/// functions too, and so nobody pays for a runtime that another does without.
///
/// # Panics
///
/// The service has to wait, or fails: then something else than its check would be timed.
pub fn once<S>(service: &mut S, request: Request<Body>) -> StatusCode
where
    S: Service<Request<Body>, Response: Answer, Error: fmt::Debug>,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        matches!(service.poll_ready(&mut cx), Poll::Ready(Ok(()))),
        "the service is not ready"
    );
    match pin!(service.call(request)).poll(&mut cx) {
        Poll::Ready(response) => black_box(response).expect("no service here fails").status(),
        Poll::Pending => panic!("the service waits for something: warm it up before it is timed"),
    }
}

const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_differ_in_the_credential_alone() {
        let without = |mut head: Head, name: &str| {
            head.0.headers.remove(name).expect("it shows one");
            head.0.headers
        };
        let bare = Head::bare().0.headers;
        assert_eq!(without(Head::with_key("k"), "x-api-key"), bare);
        assert_eq!(without(Head::with_bearer("t"), "authorization"), bare);
    }

    #[test]
    fn the_inner_service_answers_200() {
        assert_eq!(once(&mut Inner, Head::bare().request()), StatusCode::OK);
    }
}
