//! A hook behind its layer, and deliveries made for it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_lc_rs::hmac;
use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderName, HeaderValue};
use tower_auth::{AuthContext, Message, testing::ManualClock, webhook::WebhookLayer};

use crate::common::answer::{Answer, send};

pub const NOW: u64 = 1_760_000_000;

/// What the handler got.
#[derive(Clone, Debug)]
pub struct Got {
    pub body: Bytes,
    pub context: AuthContext,
    pub message: Option<Message>,
}

/// A hook that counts its runs.
#[derive(Clone)]
pub struct Hook {
    pub app: Router,
    pub clock: ManualClock,
    runs: Arc<AtomicUsize>,
}

impl Hook {
    /// A hook whose layer's clock stands at [`NOW`].
    pub fn new(layer: WebhookLayer) -> Self {
        Self::answering(layer, || ().into_response())
    }

    pub fn answering(
        layer: WebhookLayer,
        answer: impl Fn() -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let clock = ManualClock::at_unix(NOW);
        let runs = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&runs);
        let handler =
            move |context: AuthContext, message: Option<Extension<Message>>, body: Bytes| {
                counter.fetch_add(1, Ordering::SeqCst);
                let message = message.map(|message| message.0);
                let got = Got {
                    body,
                    context,
                    message,
                };
                std::future::ready((Extension(got), answer()))
            };
        let app = Router::new()
            .route("/hook", any(handler))
            .layer(layer.with_clock(clock.clock()));
        Self { app, clock, runs }
    }

    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    pub async fn send(&self, delivery: &Delivery) -> Answer {
        send(&self.app, delivery.request()).await
    }

    /// It ran, and what it got.
    #[track_caller]
    pub fn got(answer: &Answer) -> Got {
        answer
            .extensions
            .get::<Got>()
            .unwrap_or_else(|| panic!("the handler ran: {answer:?}"))
            .clone()
    }
}

/// The handler did not run, and that is the answer.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, code: &str) {
    assert!(answer.extensions.get::<Got>().is_none(), "the handler ran");
    assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code));
}

/// A request to the hook.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub query: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Delivery {
    pub fn new(body: impl AsRef<[u8]>) -> Self {
        Self {
            query: String::new(),
            headers: Vec::new(),
            body: body.as_ref().to_vec(),
        }
    }

    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(shown, _)| shown != name);
        self
    }

    pub fn replacing(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).with(name, value)
    }

    pub fn with_body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub fn header(&self, name: &str) -> &str {
        let (_, value) = self
            .headers
            .iter()
            .find(|(shown, _)| shown == name)
            .unwrap();
        std::str::from_utf8(value).unwrap()
    }

    pub fn request(&self) -> Request {
        let mut request = Request::post(format!("/hook{}", self.query))
            .body(Body::from(self.body.clone()))
            .unwrap();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name).unwrap();
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(name, value);
        }
        request
    }
}

pub fn mac(algorithm: hmac::Algorithm, secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, secret);
    hmac::sign(&key, &parts.concat()).as_ref().to_vec()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
