//! Deliveries that a platform signed: verified, once each, and from senders who are on your list.
//!
//! A [`WebhookLayer`] goes on the route that takes the deliveries, and an
//! [`AuthLayer`](crate::AuthLayer) around it, where there is one, treats that path as public. The
//! layer judges the head first: the length that is declared, a signature that is there and has the
//! form of one, a signed time in a header that is fresh, and for Telegram the secret itself. Where
//! that is wrong, not one byte of the body is read. Then it reads the body once, up to a limit, and
//! judges in this order: signature over the raw bytes, time window, replay, and only then what the
//! body says. The handler gets the very bytes that were signed, and an
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
//! Several webhooks stand in one layer, [`WebhookRoutes`], which goes around the whole router and closes
//! what is forgotten. A file can name webhooks too: see [the configuration](crate::config).
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
//! A delivery is handled once. What tells it apart from others depends on what is signed:
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
//! What follows from it:
//!
//! - **GitHub, Shopify, Twilio.** True deliveries can have equal bodies, and only a header that
//!   nobody signed tells them apart. So an equal body under another id is handled twice more within
//!   24 hours, with a warning in the log ([`with_equal_bodies`](WebhookLayer::with_equal_bodies)),
//!   and under an equal id never. Whoever recorded a delivery gains that much.
//! - **No time is signed** (GitHub, Shopify, Twilio, Meta, Telegram). A copy passes when what was
//!   handled is no longer remembered: after 24 hours ([`with_ttl`](MemoryReplayStore::with_ttl)),
//!   when the process ends, or when the store is full. A handler of what must never happen twice
//!   looks for an id of its own in the body.
//! - **Twilio** joins names and values without a mark: `a=bc` and `ab=c` have one signature. The
//!   first reading that arrives is handled; any other one with that signature is a 409, under every
//!   token, also while the first one is handled and where its handler failed. The path in front of a handler is not signed either: what is signed is the address that
//!   the layer was given.
//! - **A failure** (another status than 2xx or 3xx, a panic, a client that went away) is no handled
//!   delivery: GitHub's *Redeliver*, which sends the id again, runs the handler again. Where the
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
//! # Who has proven nothing yet
//!
//! A signature of the right form is no proof, so the bodies of strangers are bounded. A layer reads
//! 128 of them at the same time ([`with_max_bodies`](WebhookLayer::with_max_bodies)), each of up to
//! 1 MiB ([`with_max_body_len`](WebhookLayer::with_max_body_len)) and for 10 seconds
//! ([`with_body_time_limit`](WebhookLayer::with_body_time_limit)); what goes beyond is a 503, and the
//! platform sends it again. No peer holds more than a quarter of them, so that one that is slow, or
//! means to be, is no other one's trouble. The peer is the
//! [`ClientAddress`](crate::ClientAddress) of the request: axum knows it where the router is served
//! with `into_make_service_with_connect_info::<SocketAddr>()`. Where nobody knows it, only the bound
//! for all of them holds. Behind a proxy every request is the proxy's, which then has a quarter:
//! let it buffer bodies (nginx does), or put a layer outside that names the client's address.
//!
//! Of one request at most four asymmetric signatures are checked (Discord's, and `v1a` of Standard
//! Webhooks): the first ones shown, each with every public key.
//!
//! # Compressed bodies
//!
//! A body with a `Content-Encoding` other than `identity` is refused before it is read: what
//! platforms sign are the plain bytes, and nothing that a stranger sends is inflated here. Where a
//! proxy of yours compresses requests on the way, put a layer around this one that inflates them and
//! removes the header (tower-http's `RequestDecompressionLayer`): the signature then fits, and
//! [`with_max_body_len`](WebhookLayer::with_max_body_len) bounds what comes out of it, since no more
//! is asked for. A partner's signature over the compressed bytes is refused like every other one.
//!
//! # What it does not do
//!
//! While a body is read it holds the inner service that was ready for it, and with it a permit of a
//! `ConcurrencyLimit` inside: put such a limit outside.
//!
//! It does not parse the body for the handler. A handler that reads it into a `serde_json::Value` gets
//! other JSON than was sent where an object has a member such as `$serde_json::private::RawValue`;
//! the layer, the [`Message`](crate::Message) and a handler's own struct take it for a member like any
//! other.

mod body;
mod core;
mod deadline;
mod deliveries;
mod gate;
mod handshake;
mod json;
mod layer;
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
mod sender;
mod sign;
mod verify;

#[cfg(feature = "config")]
pub(crate) use self::layer::MOST_EQUAL_BODIES;
pub use self::{
    body::RestoredBody,
    gate::{ResponseFuture, WebhookGate, WebhookService},
    layer::WebhookLayer,
    memory::MemoryReplayStore,
    replay::{ReplayKey, ReplayStore, Reserved},
    routes::{
        WebhookRoutes, WebhookRoutesBody, WebhookRoutesFuture, WebhookRoutesGate,
        WebhookRoutesService,
    },
    scheme::hmac::{HmacAlgorithm, HmacScheme, SignatureEncoding},
    sign::WebhookSigner,
};
