//! The layer for many webhooks.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderName, Response};
use tower_layer::Layer;

use super::{
    gate::{WebhookRoutesGate, WebhookRoutesService},
    proof::{Origin, Proof},
    table::Table,
};
use crate::{
    access::{Access, Prefix},
    error::{AuthError, ConfigError},
    observe::Observers,
    request::AuthRequest,
    webhook::layer::WebhookLayer,
};

/// Many webhooks in one layer, mounted once around the whole router.
///
/// The layer verifies the deliveries to its webhooks. On the path of a webhook only a verified `POST`
/// passes (the layer answers Meta's handshake, a `GET`), and below the prefix nothing passes but
/// deliveries, so a forgotten path is closed. Every other request passes unchanged. A delivery that
/// passes carries its [`AuthContext`](crate::AuthContext) and, where the platform has messages, its
/// [`Message`](crate::Message); its body is read up to the limit of its webhook and restored byte for
/// byte.
///
/// Around an [`AuthLayer`](crate::AuthLayer), a rule with [`access`](Self::access) lets the deliveries
/// in. A configuration makes both layers: `AuthSetup::into_layers` (feature `config`).
///
/// Around an axum router, each request costs a box for its body.
///
/// # Security
///
/// A program that leaves this layer out, or puts it inside of the `AuthLayer`, opens nothing: the rule
/// with [`access`](Self::access) then refuses every request with 401, even one with a valid API key.
/// Without an `AuthLayer`, only this layer protects the handlers of the webhooks, so it must be around
/// them.
///
/// A path is closed in every spelling that some server reads as a path below the prefix
/// (`/%68ooks/github`, `//hooks/github`, `/x/../hooks/github`).
///
/// A signed delivery is valid on every path that has the secret: an attacker who records a delivery to
/// one path can send it to the other. Give paths with different scopes different secrets.
///
/// While the layer waits for a body, it holds the inner service that is ready for the request: put a
/// `ConcurrencyLimit` and a time limit outside.
///
/// # Example
///
/// ```
/// use axum::{Extension, Router, routing::{get, post}};
/// use tower_auth::{
///     AuthContext, AuthLayer, Message,
///     provider::{AllowlistAuth, ApiKeyAuth},
///     webhook::{WebhookLayer, WebhookRoutes},
/// };
///
/// async fn update(caller: AuthContext, Extension(message): Extension<Message>) -> String {
///     format!("user {} in chat {:?}", caller.user_id(), message.chat_id())
/// }
///
/// let people = AllowlistAuth::on_platforms(["telegram"], ["42"])?;
/// let hooks = WebhookRoutes::new("/hooks")?
///     .add_webhook("/hooks/github", WebhookLayer::github("It's a Secret to Everybody")?)?
///     .add_webhook("/hooks/telegram", WebhookLayer::telegram("tg_Secret-123")?.allow(people))?;
///
/// let callers = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .access("/hooks/{*rest}", hooks.access());
/// let app: Router = Router::new()
///     .route("/hooks/github", post(|| async { "thanks" }))
///     .route("/hooks/telegram", post(update))
///     .route("/run", get(|| async { "ran" }))
///     .layer(callers)
///     .layer(hooks); // around it
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// For webhooks below no common prefix:
///
/// ```
/// use tower_auth::webhook::{WebhookLayer, WebhookRoutes};
///
/// let hooks = WebhookRoutes::anywhere()
///     .add_webhook("/github", WebhookLayer::github("It's a Secret to Everybody")?)?
///     .add_webhook("/telegram", WebhookLayer::telegram("tg_Secret-123")?)?;
/// assert_eq!(hooks.credential_headers()[0], "x-telegram-bot-api-secret-token");
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WebhookRoutes {
    pub(super) origin: Origin,
    pub(super) table: Arc<ArcSwap<Table>>,
}

impl WebhookRoutes {
    /// Makes routes that close a path and everything below it, except for deliveries to their
    /// webhooks. `"/"` closes everything.
    ///
    /// # Errors
    ///
    /// The prefix does not begin with a slash, ends with one, or is not plain: it holds a parameter, a
    /// dot segment or an escape.
    pub fn new(prefix: &str) -> Result<Self, ConfigError> {
        Prefix::parse(prefix).map(|prefix| Self::with_table(Table::new(Some(prefix))))
    }

    /// Makes routes for webhooks whose paths have no common prefix.
    ///
    /// # Security
    ///
    /// The paths of the webhooks are closed except for deliveries. Other spellings of them, and paths
    /// that were forgotten here, pass: put these routes around an [`AuthLayer`](crate::AuthLayer),
    /// which refuses them.
    pub fn anywhere() -> Self {
        Self::with_table(Table::new(None))
    }

    fn with_table(table: Table) -> Self {
        Self {
            origin: Origin::default(),
            table: Arc::new(ArcSwap::from_pointee(table)),
        }
    }

    /// Adds a webhook at a path, in axum's syntax: a plain path is exact.
    ///
    /// # Errors
    ///
    /// The path is malformed, is not below the prefix, belongs to another webhook, or has a parameter
    /// where another path has a catch-all.
    pub fn add_webhook(self, path: &str, webhook: WebhookLayer) -> Result<Self, ConfigError> {
        let mut table = Table::clone(&self.table());
        table.add(path, webhook)?;
        Ok(self.holding(table))
    }

    /// Replaces the response to a refusal of these webhooks.
    ///
    /// The closure gets the error, the head of the request without secret headers, and the response
    /// that would be sent. An [`AuthLayer`](crate::AuthLayer) inside renders its own refusals.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::webhook::WebhookRoutes;
    ///
    /// let hooks = WebhookRoutes::new("/hooks")?.with_refusal(|error, _, response| {
    ///     response.map(|_| format!("no delivery: {}", error.code()).into())
    /// });
    /// # let _ = hooks;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_refusal<F>(self, respond: F) -> Self
    where
        F: Fn(&AuthError, &AuthRequest<'_>, Response<Bytes>) -> Response<Bytes>
            + Send
            + Sync
            + 'static,
    {
        let mut table = Table::clone(&self.table());
        table.set_refusal(Arc::new(respond));
        self.holding(table)
    }

    /// The routes with observers of what is decided at them.
    #[allow(
        dead_code,
        reason = "without files of configuration a layer around them observes"
    )]
    pub(crate) fn with_observers(self, observers: Observers) -> Self {
        let mut table = Table::clone(&self.table());
        table.set_observers(observers);
        self.holding(table)
    }

    /// The rule for an inner layer that lets in only what these routes have verified: give it to
    /// [`AuthLayer::access`](crate::AuthLayer::access), on the paths of the webhooks or on everything
    /// below the prefix.
    ///
    /// A delivery is let in at the path that it was verified for, as the caller that it names. Call
    /// this after all webhooks are added: headers that are themselves a secret (Telegram's) are then
    /// marked as sensitive.
    pub fn access(&self) -> Access {
        Access::provider(self.proof(&self.credential_headers()))
    }

    /// The provider behind [`access`](Self::access), for webhooks with these secret headers.
    pub(crate) fn proof(&self, secret_headers: &[HeaderName]) -> Proof {
        Proof::new(self.origin.clone(), secret_headers)
    }

    /// Replaces the webhooks and the prefix of a running layer and all its clones by those of
    /// `routes`, from the next request on.
    ///
    /// A delivery whose head has arrived is judged by the old webhooks. A webhook remembers handled
    /// deliveries in its own replay store: give the new webhook the store of the old one
    /// ([`with_replay_store`](WebhookLayer::with_replay_store)), or a copy of an earlier delivery is
    /// handled again.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::webhook::{MemoryReplayStore, WebhookLayer, WebhookRoutes};
    ///
    /// let handled = MemoryReplayStore::default();
    /// let routes = |secret: &str| {
    ///     let github = WebhookLayer::github(secret)?.with_replay_store(handled.clone());
    ///     WebhookRoutes::new("/hooks")?.add_webhook("/hooks/github", github)
    /// };
    /// let layer = routes("the secret of yesterday")?;
    /// layer.replace_all(&routes("the secret of today")?);
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn replace_all(&self, routes: &Self) {
        self.table.store(routes.table());
    }

    /// The headers that are themselves a secret (such as Telegram's), for tower-http's
    /// `SetSensitiveRequestHeadersLayer` around a trace layer outside this one: the trace layer sees
    /// them before this layer marks them.
    pub fn credential_headers(&self) -> Arc<[HeaderName]> {
        self.table().credential_headers()
    }

    /// The current webhooks.
    pub(super) fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }

    /// These routes with another table. Their clones keep the old table.
    fn holding(self, table: Table) -> Self {
        Self {
            table: Arc::new(ArcSwap::from_pointee(table)),
            ..self
        }
    }
}

impl<S> Layer<S> for WebhookRoutes {
    type Service = WebhookRoutesService<S>;

    fn layer(&self, inner: S) -> WebhookRoutesService<S> {
        let gate = WebhookRoutesGate::new(self.origin.clone(), Arc::clone(&self.table));
        WebhookRoutesService::new(inner, gate)
    }
}
