//! An app behind the webhooks of a file, and deliveries to it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::Request,
    routing::any,
};
use http::{HeaderName, HeaderValue};
use serde_json::json;
use tower_auth::{
    AuthContext, Message,
    config::{AuthConfig, AuthSetup},
};

use super::super::files::ready;
use crate::common::answer::{Answer, send};

pub const SECRET: &str = "tg_Secret-1234567";
pub const KEY: &str = "sk-live-9f";
pub const ROUTES: [&str; 6] = [
    "/run",
    "/hooks/telegram",
    "/hooks/second",
    "/hooks/{source}",
    "/hooks/partner/events",
    "/health",
];

/// A document with one key and one webhook.
pub fn telegram(more: &str) -> String {
    format!(
        "auth:\n  realm: agents\n  api_keys: [{{name: ada, key: {KEY}, scopes: []}}]\n  webhooks:\n    \
         - path: /hooks/telegram\n      scheme: telegram\n      secret: {SECRET}\n      \
         allow: {{user_ids: [42]}}\n{more}"
    )
}

/// What the handler got.
#[derive(Clone, Debug)]
pub struct Got {
    pub body: Bytes,
    pub context: Option<AuthContext>,
    pub message: Option<Message>,
}

/// An app without its layers, and how often its handlers ran.
#[derive(Clone)]
pub struct Inner {
    pub app: Router,
    runs: Arc<AtomicUsize>,
}

impl Inner {
    pub fn new() -> Self {
        let runs = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&runs);
        let handler = move |context: Option<Extension<AuthContext>>,
                            message: Option<Extension<Message>>,
                            body: Bytes| {
            counter.fetch_add(1, Ordering::SeqCst);
            let got = Got {
                body,
                context: context.map(|context| context.0),
                message: message.map(|message| message.0),
            };
            std::future::ready(Extension(got))
        };
        let app = ROUTES.into_iter().fold(Router::new(), |app, path| {
            app.route(path, any(handler.clone()))
        });
        Self { app, runs }
    }

    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

/// An app with both layers as they should be.
pub struct Hooks {
    pub app: Router,
    inner: Inner,
}

impl Hooks {
    pub fn of(text: &str) -> Self {
        Self::new(super::super::files::yaml(text))
    }

    pub fn new(config: AuthConfig) -> Self {
        Self::serving(built(config))
    }

    pub fn serving(setup: AuthSetup) -> Self {
        let inner = Inner::new();
        let (auth, webhooks) = setup.into_layers();
        let app = inner.app.clone().layer(auth).layer(webhooks);
        Self { app, inner }
    }

    pub fn runs(&self) -> usize {
        self.inner.runs()
    }

    pub async fn send(&self, request: Request) -> Answer {
        send(&self.app, request).await
    }

    /// An update of that user, with that secret.
    pub async fn update(&self, secret: &str, user: i64) -> Answer {
        self.send(update(secret, user)).await
    }
}

pub fn built(config: AuthConfig) -> AuthSetup {
    config.build().unwrap_or_else(|faults| panic!("{faults}"))
}

pub fn json_config(document: &serde_json::Value) -> AuthConfig {
    ready(AuthConfig::from_json(document.to_string()))
}

/// A new update each time.
pub fn update(secret: &str, user: i64) -> Request {
    static IDS: AtomicUsize = AtomicUsize::new(1);
    let id = IDS.fetch_add(1, Ordering::SeqCst);
    let body = json!({
        "update_id": id,
        "message": {"from": {"id": user}, "chat": {"id": user}, "text": "hi"},
    });
    post("/hooks/telegram", &[(TOKEN, secret)], body.to_string())
}

pub fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request {
    request("POST", path, headers, body)
}

pub fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .body(body.into())
        .unwrap();
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        request
            .headers_mut()
            .append(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

/// The handler ran, and what it got.
#[track_caller]
pub fn got(answer: &Answer) -> Got {
    answer
        .extensions
        .get::<Got>()
        .unwrap_or_else(|| panic!("the handler ran: {answer:?}"))
        .clone()
}

/// Who the caller turned out to be.
#[track_caller]
pub fn user(answer: &Answer) -> String {
    got(answer).context.expect("a caller").user_id().to_owned()
}

pub const TOKEN: &str = "x-telegram-bot-api-secret-token";
