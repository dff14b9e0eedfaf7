//! Responses that end with the credential of their caller [13.2].

mod bodies;
mod keys;
mod revoked;
mod tokens;
mod wire;

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{AuthContext, AuthLayer, CredentialEnded, ResponseBody};

/// A body whose frames the test sends.
#[derive(Debug)]
pub struct Streamed {
    frames: UnboundedReceiver<Bytes>,
    hint: SizeHint,
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.frames.poll_recv(cx);
        frame.map(|frame| frame.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// An open stream, and the handler's end of it.
#[derive(Debug)]
pub struct Stream {
    pub body: ResponseBody<Streamed>,
    pub handler: UnboundedSender<Bytes>,
    /// The caller as the handler saw it.
    pub caller: Option<AuthContext>,
}

#[derive(Clone)]
struct Handler(UnboundedSender<Bytes>, Option<AuthContext>);

/// Opens a stream with that credential.
pub async fn open(layer: &AuthLayer, credential: (&'static str, &str)) -> Stream {
    let request = Request::get("/run").header(credential.0, credential.1);
    open_with(layer, request.body(()).unwrap(), |_| {}).await
}

/// Opens a stream with that request; the handler makes its response as `edit` does.
pub async fn open_with(
    layer: &AuthLayer,
    request: Request<()>,
    edit: impl Fn(&mut Response<Streamed>) + Clone + Send + 'static,
) -> Stream {
    let inner = service_fn(move |request: Request<()>| {
        let (sender, frames) = unbounded_channel();
        let body = Streamed {
            frames,
            hint: SizeHint::new(),
        };
        let mut response = Response::new(body);
        let caller = request.extensions().get::<AuthContext>().cloned();
        response.extensions_mut().insert(Handler(sender, caller));
        edit(&mut response);
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut response = layer.layer(inner).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let Handler(handler, caller) = response.extensions_mut().remove().unwrap();
    Stream {
        body: response.into_body(),
        handler,
        caller,
    }
}

impl Stream {
    pub fn send(&self, text: &'static str) {
        self.handler
            .send(Bytes::from_static(text.as_bytes()))
            .unwrap();
    }

    /// The next data, at once.
    pub async fn data(&mut self) -> Bytes {
        let frame = timeout(SOON, self.body.frame()).await.expect("it waits");
        frame.unwrap().unwrap().into_data().unwrap()
    }

    /// Whether it waits for its handler, and would not if its credential had ended.
    pub async fn goes_on(&mut self) -> bool {
        timeout(Duration::from_millis(20), self.body.frame())
            .await
            .is_err()
    }

    /// Waits until it ends, as an error.
    pub async fn ends(&mut self) {
        let frame = timeout(SOON, self.body.frame()).await.expect("it waits");
        let error = frame.expect("not as a clean end").unwrap_err();
        assert!(error.is::<CredentialEnded>(), "{error}");
        assert!(self.body.is_end_stream() && self.body.frame().await.is_none());
        assert!(self.handler.is_closed(), "what streams is let go");
    }
}

/// A request of gRPC.
pub fn grpc(version: Version, kind: &str, credential: (&'static str, &str)) -> Request<()> {
    let request = Request::post("/pkg.Service/Watch")
        .version(version)
        .header(header::CONTENT_TYPE, kind)
        .header(credential.0, credential.1);
    request.body(()).unwrap()
}

/// What the handler says its body is.
pub fn is_of_kind(kind: &'static str) -> impl Fn(&mut Response<Streamed>) + Clone + Send {
    move |response| {
        let kind = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        response.headers_mut().extend(kind);
    }
}

/// A second, as the rule has it; the rest is for a machine that has much else to do.
const SOON: Duration = Duration::from_secs(5);
