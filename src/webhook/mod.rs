//! Deliveries that a platform signed: verified, once each, and from senders who are on your list.
//!
//! A [`WebhookLayer`] goes on the route that takes the deliveries, and an
//! [`AuthLayer`](crate::AuthLayer) around it, where there is one, treats that path as public. The
//! layer reads the body once, up to a limit, and judges in this order: size, signature over the
//! raw bytes, time window, replay, and only then what the body says. (Telegram's secret is a header:
//! where it is wrong, no body is read.) The handler gets the very bytes that were signed, and an
//! [`AuthContext`](crate::AuthContext).
//!
//! ```
//! use axum::{Router, body::Bytes, routing::post};
//! use tower_auth::{AuthContext, AuthLayer, provider::ApiKeyAuth, webhook::WebhookLayer};
//!
//! async fn push(caller: AuthContext, body: Bytes) -> String {
//!     format!("{} sent {} bytes", caller.user_id(), body.len())
//! }
//!
//! let app: Router = Router::new()
//!     .route("/hooks/github", post(push).layer(WebhookLayer::github("It's a Secret to Everybody")?))
//!     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).public("/hooks/github"));
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! A file can name webhooks too, with [their layer](crate::config::WebhooksLayer) around the
//! `AuthLayer`.
//!
//! # Who the caller is
//!
//! The context's method is `webhook`, its issuer the scheme (`github`, `slack`), its user id what
//! [`with_user_id`](WebhookLayer::with_user_id) says, or else the scheme too. Telegram, Discord,
//! Slack and WhatsApp name a person: the body becomes a [`Message`](crate::Message), which the
//! handler finds in the request's extensions (axum: `Extension<Message>`), and the user id is the
//! person's. With [`allow`](WebhookLayer::allow) the message is put to a provider first, and the
//! context is the one that it answers with:
//!
//! ```
//! use tower_auth::{provider::AllowlistAuth, webhook::WebhookLayer};
//!
//! let layer = WebhookLayer::telegram("tg_Secret-123")?
//!     .allow(AllowlistAuth::on_platforms(["telegram"], ["42"])?);
//! # let _ = layer;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # Answers
//!
//! | what | answer |
//! |---|---|
//! | longer than the limit (1 MiB unless set) | 413 `payload_too_large` |
//! | no signature | 401 `missing_credential` |
//! | a header twice, a body that can be read in two ways | 400 `invalid_request` |
//! | a wrong signature, a time in the future | 401 `invalid_credential` |
//! | right once, and too old now | 401 `expired_credential` |
//! | being handled at the moment | 409 `conflict` |
//! | handled before | 200, and the handler does not run |
//! | a sender who may not | the answer that ends the matter, see [`allow`](WebhookLayer::allow) |
//!
//! # What it does not do
//!
//! It has no time limit for a slow body; the server, or a timeout layer outside, has one. While the
//! body is read it holds the inner service that was ready for it, and with it a permit of a
//! `ConcurrencyLimit` inside: put such a limit outside.
//!
//! It does not parse the body for the handler. A handler that reads it into a `serde_json::Value` gets
//! other JSON than was sent where an object has a member such as `$serde_json::private::RawValue`;
//! the layer, the [`Message`](crate::Message) and a handler's own struct take it for a member like any
//! other.

mod body;
mod core;
mod future;
mod handshake;
mod json;
mod layer;
mod memory;
mod named;
mod platform;
mod read;
mod replay;
mod scheme;
mod service;
mod sign;
mod verify;

pub use self::{
    body::RestoredBody,
    future::ResponseFuture,
    layer::WebhookLayer,
    memory::MemoryReplayStore,
    replay::{ReplayKey, ReplayStore, Reserved, Reserving},
    scheme::hmac::{HmacAlgorithm, HmacScheme, SignatureEncoding},
    service::WebhookService,
    sign::WebhookSigner,
};
