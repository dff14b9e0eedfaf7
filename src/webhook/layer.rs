//! The layer and its settings.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderName;
use tower_layer::Layer;

use super::{
    core::Core,
    gate::{WebhookGate, WebhookService},
    memory::MemoryReplayStore,
    platform::Platform,
    replay::ReplayStore,
    verify::{MOST_ASYMMETRIC, Scheme},
};
use crate::{
    clock::Clock,
    error::{ConfigError, ConfigErrorKind},
    provider::IntoAuthProvider,
    reading::BodyRoom,
    scope::Scopes,
    secret::Secret,
};

/// Verifies deliveries before the inner service runs: one layer for one route.
///
/// There is a constructor for each platform. [The module](crate::webhook) lists the responses.
///
/// Each layer remembers its own deliveries, in memory: see
/// [`with_replay_store`](Self::with_replay_store).
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::webhook::WebhookLayer;
///
/// let layer = WebhookLayer::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?
///     .with_user_id("billing")
///     .with_max_body_len(64 * 1024);
/// let app: Router = Router::new().route("/hooks/billing", post(|| async {}).layer(layer));
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::webhook::{MemoryReplayStore, WebhookLayer};
///
/// let layer = WebhookLayer::github("It's a Secret to Everybody")?
///     .add_secret("the next secret, while one replaces the other")?
///     .with_max_bodies(64)
///     .with_body_time_limit(Duration::from_secs(5))
///     .with_equal_bodies(1)
///     .refuse_handled(true)
///     .with_replay_store(MemoryReplayStore::new(100_000).with_ttl(Duration::from_secs(48 * 60 * 60)));
/// assert!(layer.credential_headers().is_empty());
///
/// let in_a_test = WebhookLayer::github("It's a Secret to Everybody")?.insecure_allow_replay();
/// # let _ = in_a_test;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct WebhookLayer {
    pub(super) core: Arc<Core>,
}

impl WebhookLayer {
    pub(super) fn of(
        scheme: impl Scheme,
        secret: Secret,
        platform: Option<Platform>,
    ) -> Result<Self, ConfigError> {
        let key = scheme.key(secret.expose())?;
        Ok(Self {
            core: Arc::new(Core {
                user_id: scheme.name().into(),
                scheme: Arc::new(scheme),
                keys: vec![Arc::new(key)],
                platform,
                provider: None,
                verify_token: None,
                scopes: Scopes::default(),
                room: BodyRoom::new(MOST_BODIES),
                namespace: None,
                equal_bodies: EQUAL_BODIES,
                replay: Some(Arc::new(MemoryReplayStore::default())),
                refuses_handled: false,
                clock: Clock::system(),
                attempts: None,
                proxies: None,
            }),
        })
    }

    /// Adds a secret (or public key) that is accepted too: during a rotation, add the new one to the
    /// old one.
    ///
    /// # Errors
    ///
    /// The constructor would refuse the secret; or it is the fifth public key (at most four asymmetric
    /// signatures are checked for one request).
    pub fn add_secret(self, secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        let key = self.core.scheme.key(secret.into().expose())?;
        let asymmetric = self.core.keys.iter().filter(|key| key.is_asymmetric());
        if key.is_asymmetric() && asymmetric.count() >= MOST_ASYMMETRIC {
            return Err(ConfigError::new(
                ConfigErrorKind::Unsupported,
                "a webhook has more than four public keys, and no request is checked against \
                 more: leave out those that nobody signs with any longer",
            ));
        }
        Ok(self.edit(|core| core.keys.push(Arc::new(key))))
    }

    /// Asks a provider, or a chain of them, about the message in a delivery, and lets the delivery in
    /// only if the provider accepts.
    ///
    /// A message without a user (a poll, a channel's post, an anonymous administrator) fails a list of
    /// users. Where a delivery carries several messages, each sender must be let in. For schemes
    /// without messages the provider is asked about a message that names nobody.
    ///
    /// A sender who is refused for good is logged (platform, user id, chat id), and the response keeps
    /// the platform from trying again: Telegram, Slack and WhatsApp get an empty 200; a Discord user
    /// reads that they are not on the list, in a text that only they see, and Discord's application
    /// events get a 204. For any other platform the response is the provider's: 403. A sender who
    /// could not be checked is a 503, and the platform tries again.
    #[must_use]
    pub fn allow<Form>(self, provider: impl IntoAuthProvider<Form>) -> Self {
        let provider = provider.into_provider();
        self.edit(|core| core.provider = Some(provider))
    }

    /// Replaces the user id of callers without a message; the scheme's name unless set.
    ///
    /// # Security
    ///
    /// Give each partner who signs with [`hmac`](Self::hmac) or [`standard`](Self::standard) a user id
    /// of its own: otherwise the callers of two such layers are one [`Principal`](crate::Principal).
    /// (In a file that is a fault.)
    ///
    /// # Replay
    ///
    /// Layers that share a replay store need different user ids, or a delivery to one layer counts as
    /// known to the other. (The layers of a file are told apart by their paths.) A new user id does
    /// not know the deliveries that were handled under the old one.
    #[must_use]
    pub fn with_user_id(self, user_id: impl Into<String>) -> Self {
        self.edit(|core| core.user_id = user_id.into().into_boxed_str())
    }

    /// Replaces the scopes of callers for whom no provider is asked; none unless set.
    #[must_use]
    pub fn with_scopes<S: AsRef<str>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.edit(|core| core.scopes = Scopes::new(scopes))
    }

    /// Replaces the maximum length of a body in bytes: 1 MiB unless set. A longer body is refused with
    /// 413.
    ///
    /// The body is held in memory while it is verified.
    #[must_use]
    pub fn with_max_body_len(self, bytes: usize) -> Self {
        self.edit(|core| core.room.max_len = bytes)
    }

    /// Replaces how many unproven bodies are read at the same time: 128 unless set, at least 1. No
    /// peer holds more than a quarter of them, or one where there are fewer than four. Any further
    /// body is refused with 503.
    ///
    /// Together they hold up to this many times [`with_max_body_len`](Self::with_max_body_len).
    #[must_use]
    pub fn with_max_bodies(self, most: usize) -> Self {
        self.edit(|core| core.room.set_most(most))
    }

    /// Replaces the time limit of a body, from its first byte to its last: 10 seconds unless set. A
    /// body that takes longer is refused with 503.
    ///
    /// The timers of the tokio runtime that the service runs in measure the time; without a tokio
    /// runtime this crate sets no limit.
    #[must_use]
    pub fn with_body_time_limit(self, limit: Duration) -> Self {
        self.edit(|core| core.room.time_limit = limit)
    }

    /// Replaces how many deliveries with equal bodies are handled while the first one is remembered
    /// (24 hours), each under another id: 3 unless set, at least 1 and at most 100.
    ///
    /// This is for schemes in which an unsigned header names the delivery: GitHub
    /// (`X-GitHub-Delivery`), Shopify (`X-Shopify-Webhook-Id`), Twilio (`I-Twilio-Idempotency-Token`),
    /// an [`HmacScheme`](super::HmacScheme) with
    /// [`with_unsigned_id`](super::HmacScheme::with_unsigned_id). Each one after the first leaves a
    /// warning in the log. Any delivery beyond the number is answered like one that was handled, with
    /// a warning too. A delivery with an equal id is never handled again.
    ///
    /// # Security
    ///
    /// Two genuine deliveries can have equal bodies, and an attacker who recorded one can send it
    /// under any id. So a recorded delivery can be handled again up to this number less one. 1 is
    /// strict, and loses genuine deliveries with equal bodies.
    #[must_use]
    pub fn with_equal_bodies(self, most: u16) -> Self {
        self.edit(|core| core.equal_bodies = most.clamp(1, MOST_EQUAL_BODIES))
    }

    /// Replaces the store of handled deliveries, a [`MemoryReplayStore`] of the layer's own unless
    /// set.
    #[must_use]
    pub fn with_replay_store(self, store: impl ReplayStore) -> Self {
        self.edit(|core| core.replay = Some(Arc::new(store)))
    }

    /// Handles copies of a delivery like the first one.
    ///
    /// # Security
    ///
    /// An attacker who records one delivery can then have it handled again: within the time window, or
    /// for ever where the scheme signs no time. Use it for handlers that recognize repeated deliveries
    /// themselves. For genuine deliveries with equal bodies there is
    /// [`with_equal_bodies`](Self::with_equal_bodies).
    #[must_use]
    pub fn insecure_allow_replay(self) -> Self {
        self.edit(|core| core.replay = None)
    }

    /// Sets whether a delivery that was handled is refused with 409. Unless set, the response makes
    /// the platform stop sending it: a 200, for Twilio with TwiML that does nothing.
    #[must_use]
    pub fn refuse_handled(self, refuse: bool) -> Self {
        self.edit(|core| core.refuses_handled = refuse)
    }

    /// Replaces the clock that signed times are compared with.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.edit(|core| core.clock = clock)
    }

    /// The headers that are themselves the secret (such as Telegram's), for tower-http's
    /// `SetSensitiveRequestHeadersLayer` around a trace layer outside this one: the trace layer sees
    /// them before this layer marks them.
    pub fn credential_headers(&self) -> Arc<[HeaderName]> {
        self.core.scheme.secret_header().into_iter().collect()
    }

    /// Whether the layer answers the platform's handshake, which is a `GET`.
    pub(super) fn has_handshake(&self) -> bool {
        self.core.verify_token.is_some()
    }

    pub(super) fn gate(&self) -> WebhookGate {
        WebhookGate::new(Arc::clone(&self.core))
    }

    pub(super) fn edit(mut self, change: impl FnOnce(&mut Core)) -> Self {
        change(Arc::make_mut(&mut self.core));
        self
    }
}

impl<S> Layer<S> for WebhookLayer {
    type Service = WebhookService<S>;

    fn layer(&self, inner: S) -> WebhookService<S> {
        WebhookService::new(inner, self.gate())
    }
}

impl fmt::Debug for WebhookLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookLayer")
            .field("scheme", &self.core.scheme.name())
            .field("secrets", &self.core.keys.len())
            .field("user_id", &self.core.user_id)
            .field("max_body_len", &self.core.room.max_len)
            .finish_non_exhaustive()
    }
}

/// The first one and two more.
const EQUAL_BODIES: u16 = 3;
/// For each place, the store is asked if the places before it are taken.
pub(crate) const MOST_EQUAL_BODIES: u16 = 100;
/// The default number of bodies that a layer reads at the same time, each of up to 1 MiB.
const MOST_BODIES: usize = 128;
