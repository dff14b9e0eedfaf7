//! Who may call, from a file: YAML or JSON, with the environment and the program over it.
//!
//! ```
//! use axum::{Router, routing::post};
//! use tower_auth::config::AuthConfig;
//!
//! let config = AuthConfig::from_yaml(r#"
//! auth:
//!   api_keys:
//!     - name: frontend
//!       key: ${FRONTEND_KEY}
//!       scopes: [graph:invoke]
//!     - name: ci
//!       key_sha256: 5de3dccd1ec31b4de9a7e5a4e8b87bdfdcf9a8c1c8a4ad0a6a0a1fb0f0e1f0a2
//!       expires_at: 2099-01-31T00:00:00Z
//!   jwt:
//!     secret: ${JWT_SECRET}
//!     audience: my-agent
//!   public_paths: [/hooks/public]
//! "#)
//! .with_env([("FRONTEND_KEY", "sk-live-9f"), ("JWT_SECRET", "an example secret of 32 bytes …")]);
//!
//! let app: Router = Router::new().route("/run", post(|| async { "ran" })).layer(config.into_layer()?);
//! # let _ = app;
//! # Ok::<(), tower_auth::config::ConfigFaults>(())
//! ```
//!
//! # It never fails open
//!
//! What is misspelled, mistyped, empty, missing or contradictory is a fault, and nothing is built
//! from a document with a fault. There are four ways to have no authentication, and each has to be
//! written: `enabled: false`, `mode: none`, the agent shape's `"auth": null`, and
//! [`AuthLayer::disabled`](crate::AuthLayer::disabled) in code. All faults are told at once, each with its line, its place in the
//! document and what to write instead ([`ConfigFaults`]).
//!
//! # What a file says
//!
//! The whole is in the [JSON Schema](AuthConfig::json_schema), which editors can use. Members of
//! the document beside `auth` and `authorization` belong to others and are not read.
//!
//! The gateway shape is a block: `auth: {enabled, mode, realm, api_keys, jwt, oauth2, allowlist,
//! custom, public_paths, dev_docs}`. Without `mode`, the block that is there decides; several make
//! a chain in the order of the file. `custom` is the name of a provider that the program registered
//! with [`with_provider`](AuthConfig::with_provider).
//!
//! The agent shape is a JSON document: `{"auth": null}`, `{"auth": "jwt"}` with the variables
//! `JWT_SECRET_KEY` (the secret, or the public key as PEM), `JWT_ALGORITHM` (HS256 unless set),
//! `JWT_ISSUER` and `JWT_AUDIENCE`, or `{"auth": {"method": "custom", "path": NAME}}`.
//!
//! `authorization` is the name of an authorizer that the program registered; a program that reads
//! such a file takes it from the [`AuthSetup`] and gives it to a
//! [`Policy`](crate::authorize::Policy) or another layer.
//!
//! # What goes over what
//!
//! [`with_value`](AuthConfig::with_value) over the environment over the file over defaults. A
//! variable `TOWER_AUTH__JWT__SECRET` is `auth.jwt.secret`: two underscores between levels. Blocks
//! are merged member by member, lists are replaced; a variable gives a list or a block as JSON.
//!
//! # Variables in texts
//!
//! `${VAR}` in a text of the file is the variable's value, `${VAR:-default}` has a default for a
//! variable that is unset or empty, `$$` is a dollar. A variable that is unset, or that is empty
//! where a secret belongs, is a fault. A text that comes from a variable may stand for a flag
//! (`true`, `false`), a number, or as JSON for a list.
//!
//! # YAML
//!
//! Texts, flags, numbers, lists and blocks are read; anchors, aliases, merge keys and tags are
//! faults where they concern us. `yes` and `on` are texts and not flags. A file has 1 MiB at most.
//!
//! # Security
//!
//! Texts are wiped when they are dropped and never shown. What the parser, the environment and the
//! operating system keep of them is out of reach: `key_sha256` is how a file holds no secret.

mod build;
mod date;
mod environment;
mod expand;
mod fault;
mod node;
mod read;
mod registry;
mod reload;
mod schema;
mod setup;
mod shape;
mod source;
mod suggest;
mod summary;

use std::{ffi::OsString, fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use serde_json::Value;

use self::{
    build::build,
    environment::Environment,
    fault::{Faults, Place},
    node::{At, Node},
    registry::Registry,
    source::{Format, Source},
};
pub use self::{
    fault::{ConfigFault, ConfigFaults},
    reload::{ReloadHandle, ReloadLayer, Watch},
    setup::AuthSetup,
    summary::ConfigSummary,
};
use crate::{
    AuthLayer, Clock, ConfigError, ConfigErrorKind, Secret, authorize::IntoAuthorizer,
    provider::IntoAuthProvider,
};

/// A configuration that is still to be read, and what the program adds to it.
///
/// Nothing is read before [`build`](Self::build) or one of the methods that make a layer. See the
/// [module](self) for what a file says.
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
#[derive(Clone)]
pub struct AuthConfig {
    source: Source,
    env: Environment,
    values: Vec<(String, Node)>,
    registry: Registry,
    clock: Option<Clock>,
    address: Option<SocketAddr>,
    adjust: Option<Adjust>,
}

type Adjust = Arc<dyn Fn(AuthLayer) -> Result<AuthLayer, ConfigError> + Send + Sync>;

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
            address: None,
            adjust: None,
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
    /// let partner = ApiKeyAuth::new(["sk-partner-1"])?;
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

    /// Reads the configuration and makes a layer of it. What it came to is in the log.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it; or it names an authorizer, which a layer alone would leave
    /// out: [`build`](Self::build) gives it.
    pub fn into_layer(self) -> Result<AuthLayer, ConfigFaults> {
        Ok(self.build_alone()?.into_layer())
    }

    /// Reads the configuration and makes a layer whose rules can be replaced while it serves.
    ///
    /// # Errors
    ///
    /// As [`into_layer`](Self::into_layer).
    pub fn into_reload_layer(self) -> Result<(ReloadLayer, ReloadHandle), ConfigFaults> {
        Ok(self.build_alone()?.into_reload_layer())
    }

    /// Reads the configuration and makes everything that it says.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn build(self) -> Result<AuthSetup, ConfigFaults> {
        let mut seen = Vec::new();
        let built = build(&self, None, &mut seen)?;
        Ok(AuthSetup {
            config: self,
            built,
            seen,
        })
    }

    fn build_alone(self) -> Result<AuthSetup, ConfigFaults> {
        let setup = self.build()?;
        if setup.authorizer().is_none() {
            return Ok(setup);
        }
        let mut faults = Faults::of(setup.config.source.name());
        let place = Place::new("authorization", At::File);
        let message = "an authorizer is named, and this program has no place for it: leave it out, \
                       or let the program take it from `AuthConfig::build`";
        faults.add(ConfigErrorKind::Conflict, &place, message);
        faults.finish(None)
    }

    /// The JSON Schema (2020-12) of the document, for editors.
    pub fn json_schema() -> Value {
        schema::document()
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
