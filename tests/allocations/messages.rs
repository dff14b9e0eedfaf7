//! What messages of the Model Context Protocol cost.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tower::{Layer, Service};
use tower_auth::{
    AuthContext,
    mcp::{McpLayer, ProtectedResource, RestoredBody},
};

/// The future that waits for the body, and a list each of the messages, of what a message names, and of needs.
const JUDGED_MESSAGE: u64 = 4;

/// A service that allocates nothing, for messages that were judged.
#[derive(Clone)]
struct Judged;

impl Service<Request<RestoredBody>> for Judged {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RestoredBody>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(Empty::new())))
    }
}

#[test]
fn a_message_allocates_the_same_whatever_its_length() {
    let resource = ProtectedResource::new("https://api.example.com/mcp").unwrap();
    let layer = McpLayer::new(&resource).tool("deploy", "agents:deploy");
    let mut service = layer.layer(Judged);
    for length in [1, 1_000, 100_000] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"deploy","arguments":{{"x":"{}"}}}}}}"#,
            "y".repeat(length)
        );
        let body = Bytes::from(body);
        let request = || {
            let mut request = Request::post("/mcp")
                .header("content-type", "application/json")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", "deploy")
                .body(Full::new(body.clone()))
                .unwrap();
            let caller = AuthContext::new("ada").with_scopes(["agents:deploy"]);
            request.extensions_mut().insert(caller);
            request
        };
        let mut call = |request| {
            let mut cx = Context::from_waker(Waker::noop());
            let mut response = pin!(service.call(request));
            let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut cx) else {
                panic!("the body is there");
            };
            assert_eq!(response.status(), 200);
        };
        call(request());
        let request = request();
        let allocated = allocation_counter::measure(|| call(request)).count_total;
        assert_eq!(allocated, JUDGED_MESSAGE, "{length}");
    }
}
