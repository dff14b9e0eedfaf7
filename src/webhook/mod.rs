//! Deliveries that a platform signed: verified, handled once each, and only from senders on your list.
//!
//! A [`WebhookLayer`] goes on the route that takes the deliveries, and an
//! [`AuthLayer`](crate::AuthLayer) around it, where there is one, treats that path as public. The
//! layer checks the head first: the declared length, the presence and the form of a signature, a fresh
//! signed time in a header, and for Telegram the secret itself. If one of these is wrong, no byte of
//! the body is read. Then it reads the body once, up to a limit, and checks in this order: signature
//! over the raw bytes, time window, replay, and only then the content of the body. The handler gets
//! the very bytes that were signed, and an [`AuthContext`](crate::AuthContext).
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
//! Several webhooks can share one layer, [`WebhookRoutes`], which goes around the whole router and
//! closes every path that is forgotten. A file can name webhooks too: see [the
//! configuration](crate::config).
//!
//! # Who the caller is
//!
//! The context's method is `webhook`, its issuer the scheme (`github`, `slack`), and its user id that
//! of [`with_user_id`](WebhookLayer::with_user_id), or else the scheme too. Telegram, Discord, Slack
//! and WhatsApp name a person: the body becomes a [`Message`](crate::Message), which the handler finds
//! in the request's extensions (axum: `Extension<Message>`), and the user id is the person's. With
//! [`allow`](WebhookLayer::allow) a provider is asked about the message first, and the context is the
//! provider's answer:
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
//! # Platforms
//!
//! ```
//! use tower_auth::webhook::WebhookLayer;
//!
//! # let public_key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
//! let layers = [
//!     WebhookLayer::slack("8f742231b10e8888abcd99yyyzzz85a5")?,
//!     WebhookLayer::discord(public_key)?,
//!     WebhookLayer::stripe("whsec_5f0c")?,
//!     WebhookLayer::twilio("auth token", "https://agent.example.com/hooks/twilio")?,
//!     WebhookLayer::meta("app secret")?.with_verify_token("a token of your own")?,
//!     WebhookLayer::shopify("client secret")?,
//!     WebhookLayer::linear("lin_wh_5f0c")?,
//! ];
//! # let _ = layers;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # What each platform signs
//!
//! A delivery is handled once. The signed data decides how two deliveries are told apart:
//!
//! | platform | signs | a delivery is known by | a recorded copy passes |
//! |---|---|---|---|
//! | Standard Webhooks | id, time, body | its id | never: too old after 5 minutes |
//! | Slack | time, body | `event_id`, else the body | never: too old after 5 minutes |
//! | Discord | time, body | `id`, else the body | never: too old after 5 minutes |
//! | Stripe | time, body | `id`, else the body | never: too old after 5 minutes |
//! | Linear | body, with the time in it | the body | never: too old after a minute |
//! | GitHub | body | the body and `X-GitHub-Delivery` | twice a day under other ids; once more after a day |
//! | Shopify | body | the body and `X-Shopify-Webhook-Id` | twice a day under other ids; once more after a day |
//! | Twilio | address, fields of a form | those and `I-Twilio-Idempotency-Token` | twice a day under other tokens; once more after a day |
//! | Meta | body | the body | once a day |
//! | Telegram | nothing: it shows a secret | the body | once a day |
//! | a partner's HMAC | body; time and id where you agreed on them | the signed id, else what is signed | as GitHub's, where an unsigned id is named; else once a day, and never where a time is signed |
//!
//! Consequences:
//!
//! - **GitHub, Shopify, Twilio.** Genuine deliveries can have equal bodies, and only an unsigned
//!   header tells them apart. So an equal body under another id is handled twice more within 24 hours,
//!   with a warning in the log ([`with_equal_bodies`](WebhookLayer::with_equal_bodies)), and under an
//!   equal id never. An attacker who recorded a delivery gains no more than that.
//! - **No time is signed** (GitHub, Shopify, Twilio, Meta, Telegram). A copy passes when the handled
//!   delivery is no longer remembered: after 24 hours ([`with_ttl`](MemoryReplayStore::with_ttl)),
//!   when the process ends, or when the store is full. A handler of an event that must never be
//!   handled twice looks for an id of the event in the body.
//! - **Twilio** joins names and values without a separator: `a=bc` and `ab=c` have one signature. The
//!   first reading that arrives is handled; any other reading with that signature is a 409, under
//!   every token, also while the first one is being handled and after its handler failed. The path of
//!   the handler is not signed either: Twilio signs the address that the layer was given.
//! - **A failure** (another status than 2xx or 3xx, a panic, a client that went away) does not count
//!   as handled: GitHub's *Redeliver*, which sends the id again, runs the handler again. Where the
//!   first attempt succeeded, *Redeliver* is answered as known.
//!
//! # Answers
//!
//! | what | answer |
//! |---|---|
//! | longer than the limit (1 MiB unless set) | 413 `payload_too_large` |
//! | no signature | 401 `missing_credential` |
//! | a header twice, too many signatures, a compressed body, a body that can be read in two ways | 400 `invalid_request` |
//! | a wrong signature, a time in a header that is too old or in the future | 401 `invalid_credential` |
//! | right once, and too old now (Linear: the time is in the body) | 401 `expired_credential` |
//! | being handled at the moment: the platform comes again | 409 `conflict` |
//! | Twilio: other names and values with the signature of a known delivery | 409 `conflict` |
//! | handled before | 200, and the handler does not run; for Twilio `<Response/>` as TwiML |
//! | the replay store cannot be asked; too many bodies at the same time, or one for too long | 503 `unavailable` |
//! | a sender who may not | the answer that ends the matter, see [`allow`](WebhookLayer::allow) |
//!
//! # Limits before a signature is verified
//!
//! A signature of the right form is no proof, so unproven bodies are bounded. A layer reads 128 of
//! them at the same time ([`with_max_bodies`](WebhookLayer::with_max_bodies)), each of up to 1 MiB
//! ([`with_max_body_len`](WebhookLayer::with_max_body_len)) and for 10 seconds
//! ([`with_body_time_limit`](WebhookLayer::with_body_time_limit)); any further body is a 503, and the
//! platform sends it again. No peer holds more than a quarter of them, so that a slow or hostile peer
//! does not block the others. The peer is the [`ClientAddress`](crate::ClientAddress) of the request:
//! axum knows it where the router is served with
//! `into_make_service_with_connect_info::<SocketAddr>()`. Without an address, only the bound for all
//! of them holds. Behind a proxy every request comes from the proxy, which then has a quarter: let it
//! buffer bodies (nginx does), or put a layer outside that names the client's address.
//!
//! At most four asymmetric signatures of one request are checked (Discord's, and `v1a` of Standard
//! Webhooks): the first ones in the header, each with every public key.
//!
//! # Compressed bodies
//!
//! A body with a `Content-Encoding` other than `identity` is refused before it is read: platforms sign
//! the plain bytes, and this crate never inflates an unproven body. If a proxy of yours compresses
//! requests, put a layer around this one that inflates them and removes the header (tower-http's
//! `RequestDecompressionLayer`): the signature then fits, and
//! [`with_max_body_len`](WebhookLayer::with_max_body_len) bounds the inflated body, since no more is
//! read. A partner's signature over the compressed bytes is refused too.
//!
//! # Limitations
//!
//! While the layer reads a body, it holds the inner service that was ready for the request, and with
//! it a permit of a `ConcurrencyLimit` inside: put such a limit outside.
//!
//! The layer does not parse the body for the handler. A handler that reads it into a
//! `serde_json::Value` gets other JSON than was sent where an object has a member such as
//! `$serde_json::private::RawValue`; the layer, the [`Message`](crate::Message) and a handler's own
//! struct read it like any other member.

mod attempts;
mod core;
mod deliveries;
mod gate;
mod handshake;
mod json;
mod layer;
mod layer_throttle;
mod memory;
mod named;
#[cfg(feature = "config")]
mod namespace;
mod once;
mod platform;
mod read;
mod replay;
mod reply;
mod routes;
mod scheme;
mod screen;
mod sender;
mod shared;
mod sign;
mod verify;

#[cfg(feature = "config")]
pub(crate) use self::layer::MOST_EQUAL_BODIES;
pub use self::{
    gate::{ResponseFuture, WebhookGate, WebhookService},
    layer::WebhookLayer,
    memory::MemoryReplayStore,
    replay::{ReplayKey, ReplayStore, Reserved},
    routes::{
        WebhookRoutes, WebhookRoutesBody, WebhookRoutesFuture, WebhookRoutesGate,
        WebhookRoutesService,
    },
    scheme::hmac::{HmacAlgorithm, HmacScheme, SignatureEncoding},
    shared::SharedReplayStore,
    sign::WebhookSigner,
};
pub use crate::reading::RestoredBody;
