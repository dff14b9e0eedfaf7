//! What is to be read, and what the program adds to it.

use std::{ffi::OsString, fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use serde_json::Value;

use super::{
    environment::Environment,
    node::{At, Node},
    registry::Registry,
    source::{Format, Source},
};
use crate::{
    attempts::Attempts, auth::layer::AuthLayer, authorize::IntoAuthorizer, clock::Clock,
    error::ConfigError, provider::IntoAuthProvider, secret::Secret, webhook::WebhookLayer,
};

/// A configuration that is still to be read, and what the program adds to it.
///
/// Nothing is read before [`build`](Self::build) or one of the methods that make a layer. See the
/// [module](crate::config) for what a file says.
///
/// # Example
///
/// ```
/// use tower_auth::config::AuthConfig;
///
/// let config = AuthConfig::from_json(r#"{"auth": {"api_keys": [{"name": "ada", "key": "$${x}"}]}}"#)
///     .with_value("auth.realm", "agents");
/// let setup = config.build()?;
/// assert_eq!(setup.summary().providers(), ["api_key (1 key)"]);
/// # Ok::<(), tower_auth::config::ConfigFaults>(())
/// ```
///
/// What the environment alone says, for a server that is reached at one address:
///
/// ```
/// use tower_auth::config::AuthConfig;
///
/// let layer = AuthConfig::from_env().with_address(([0, 0, 0, 0], 8080).into()).into_layer();
/// // Nothing in the environment says who may call, and everybody could reach it:
/// assert!(layer.is_err());
/// assert_eq!(AuthConfig::json_schema()["type"], "object");
/// ```
#[derive(Clone)]
pub struct AuthConfig {
    pub(super) source: Source,
    pub(super) env: Environment,
    pub(super) values: Vec<(String, Node)>,
    pub(super) registry: Registry,
    pub(super) clock: Option<Clock>,
    pub(super) default_attempts: Option<Attempts>,
    pub(super) default_end_streams: bool,
    /// Whether decisions are written into the audit file of the document.
    pub(super) is_audited: bool,
    pub(super) address: Option<SocketAddr>,
    pub(super) adjust: Option<Adjust>,
    pub(super) adjust_webhook: Option<AdjustWebhook>,
}

type Adjust = Arc<dyn Fn(AuthLayer) -> Result<AuthLayer, ConfigError> + Send + Sync>;
type AdjustWebhook =
    Arc<dyn Fn(&str, WebhookLayer) -> Result<WebhookLayer, ConfigError> + Send + Sync>;

impl AuthConfig {
    /// The configuration in a file, whose name ends in `.yaml`, `.yml` or `.json`.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::of(Source::File(path.into()))
    }

    /// The configuration in a YAML text.
    pub fn from_yaml(text: impl Into<Secret>) -> Self {
        Self::of(Source::Text(Format::Yaml, text.into()))
    }

    /// The configuration in a JSON text.
    pub fn from_json(text: impl Into<Secret>) -> Self {
        Self::of(Source::Text(Format::Json, text.into()))
    }

    /// The configuration in `TOWER_AUTH__…` variables alone.
    pub fn from_env() -> Self {
        Self::of(Source::Nothing)
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            env: Environment::default(),
            values: Vec::new(),
            registry: Registry::default(),
            clock: None,
            default_attempts: None,
            default_end_streams: false,
            is_audited: true,
            address: None,
            adjust: None,
            adjust_webhook: None,
        }
    }

    /// Replaces the environment, which is the process's unless set.
    #[must_use]
    pub fn with_env<N: Into<OsString>, V: Into<Secret>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.env = Environment::given(variables);
        self
    }

    /// Sets a value in the document, over the file and the environment: `auth.jwt.issuer`.
    ///
    /// A block is merged into the one there, a list replaces it. `$` has no meaning in it.
    #[must_use]
    pub fn with_value(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        let node = Node::of_json(&At::Code, value.into());
        self.values.push((path.into(), node));
        self
    }

    /// Registers a provider under a name that the document can use.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, config::AuthConfig, provider::provider_fn};
    ///
    /// let sessions = provider_fn(|request| {
    ///     Ok(request.header("x-session").map(AuthContext::new))
    /// });
    /// let layer = AuthConfig::from_yaml("auth: {custom: sessions}")
    ///     .with_provider("sessions", sessions)
    ///     .into_layer()?;
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    #[must_use]
    pub fn with_provider<Form>(
        mut self,
        name: impl Into<String>,
        provider: impl IntoAuthProvider<Form>,
    ) -> Self {
        self.registry.providers.put(name, provider.into_provider());
        self
    }

    /// Registers an authorizer under a name that the document can use.
    #[must_use]
    pub fn with_authorizer<Form>(
        mut self,
        name: impl Into<String>,
        authorizer: impl IntoAuthorizer<Form>,
    ) -> Self {
        self.registry
            .authorizers
            .put(name, authorizer.into_authorizer());
        self
    }

    /// Limits wrong credentials where the document does not: where it has no `auth.throttle.attempts`.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{config::AuthConfig, throttle::Attempts};
    ///
    /// let setup = AuthConfig::from_yaml("auth: {api_keys: [{name: ada, key: sk-live-9f03a51d}]}")
    ///     .with_default_attempts(Attempts::new("30 per minute".parse()?))
    ///     .build()?;
    /// assert_eq!(setup.summary().limits(), ["attempts 30 per minute"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_default_attempts(mut self, attempts: Attempts) -> Self {
        self.default_attempts = Some(attempts);
        self
    }

    /// Sets whether responses end with the credential of their caller where the document does not say so
    /// (`auth.end_streams`): see [`AuthLayer::end_streams`]. Off unless set.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::config::AuthConfig;
    ///
    /// let layer = AuthConfig::from_yaml("auth: {api_keys: [{name: ada, key: sk-live-9f03a51d}]}")
    ///     .with_default_end_streams(true)
    ///     .into_layer()?;
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    #[must_use]
    pub fn with_default_end_streams(mut self, end: bool) -> Self {
        self.default_end_streams = end;
        self
    }

    /// Replaces the clock of the providers that the document makes.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Tells where the program listens, so that a warning can say what others can reach.
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Adds what the document cannot say to the layer, each time one is made: an access rule, a
    /// refusal of one's own.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{Access, config::AuthConfig, provider::ApiKeyAuth};
    ///
    /// let partner = ApiKeyAuth::new(["sk-partner-1"])?.with_source("partners")?;
    /// let layer = AuthConfig::from_yaml("auth: {api_keys: [{name: ada, key: sk-live-9f}]}")
    ///     .with_layer(move |layer| {
    ///         layer.try_access("/hooks/partner", Access::provider(partner.clone()))
    ///     })
    ///     .into_layer()?;
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_layer<F>(mut self, adjust: F) -> Self
    where
        F: Fn(AuthLayer) -> Result<AuthLayer, ConfigError> + Send + Sync + 'static,
    {
        self.adjust = Some(Arc::new(adjust));
        self
    }

    /// Adds what the document cannot say to a webhook, each time one is made: a replay store that
    /// several servers share, a provider of one's own for the senders.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{config::AuthConfig, webhook::MemoryReplayStore};
    ///
    /// let store = MemoryReplayStore::new(1_000); // yours is a database
    /// let setup = AuthConfig::from_yaml(r#"
    /// auth:
    ///   api_keys: [{name: ada, key: sk-live-9f}]
    ///   webhooks: [{path: /hooks/github, scheme: github, secret: It's a Secret to Everybody}]
    /// "#)
    /// .with_webhook(move |_path, webhook| Ok(webhook.with_replay_store(store.clone())))
    /// .build()?;
    /// assert_eq!(setup.summary().webhooks(), ["/hooks/github (github)"]);
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    #[must_use]
    pub fn with_webhook<F>(mut self, adjust: F) -> Self
    where
        F: Fn(&str, WebhookLayer) -> Result<WebhookLayer, ConfigError> + Send + Sync + 'static,
    {
        self.adjust_webhook = Some(Arc::new(adjust));
        self
    }
}

impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.iter().map(|(path, _)| path);
        f.debug_struct("AuthConfig")
            .field("source", &self.source.name())
            .field("env", &self.env)
            .field("values", &values.collect::<Vec<_>>())
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}
