//! The summary of a configuration for the log.

use std::{fmt, net::SocketAddr, sync::Arc};

use crate::{auth::layer::warn_of_disabled, log::TARGET};

/// The summary of a configuration: its providers, its public paths, its weak choices.
///
/// It holds no secret. A warning may hold the name of a key.
///
/// # Example
///
/// ```
/// use tower_auth::config::{AuthConfig, ConfigSummary};
///
/// let setup = AuthConfig::from_yaml("auth: {api_keys: [{name: ada, key: short}], dev_docs: true}").build()?;
/// let summary: &ConfigSummary = setup.summary();
/// assert!(summary.dev_docs() && !summary.is_disabled());
/// assert!(summary.limits().is_empty() && summary.shared().is_none());
/// assert!(summary.revocations().is_none());
/// assert!(summary.warnings().iter().any(|warning| warning.contains("ada"))); // whose key is short
/// # Ok::<(), tower_auth::config::ConfigFaults>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConfigSummary {
    pub(super) source: Arc<str>,
    pub(super) providers: Vec<String>,
    pub(super) authorizer: Option<String>,
    pub(super) public_paths: Vec<String>,
    pub(super) webhooks: Vec<String>,
    pub(super) limits: Vec<String>,
    pub(super) shared: Option<String>,
    pub(super) revocations: Option<&'static str>,
    pub(super) dev_docs: bool,
    pub(super) is_disabled: bool,
    pub(super) overrides: Vec<String>,
    pub(super) weak: Vec<String>,
}

impl ConfigSummary {
    /// The providers in the order in which they are asked, each with the credentials that it accepts.
    pub fn providers(&self) -> &[String] {
        &self.providers
    }

    /// The paths that the configuration makes public.
    pub fn public_paths(&self) -> &[String] {
        &self.public_paths
    }

    /// The webhooks, each with its path, its scheme, and the number of allowed senders if it has a
    /// list.
    pub fn webhooks(&self) -> &[String] {
        &self.webhooks
    }

    /// The limits that the configuration sets, each with its name and its quota.
    pub fn limits(&self) -> &[String] {
        &self.limits
    }

    /// The state that several processes share, without a password.
    pub fn shared(&self) -> Option<&str> {
        self.shared.as_deref()
    }

    /// The block that names the store of revocations, `key_store` or `shared`, where the document turns
    /// them on.
    pub fn revocations(&self) -> Option<&str> {
        self.revocations
    }

    /// Whether the pages of `dev_docs` are public.
    pub fn dev_docs(&self) -> bool {
        self.dev_docs
    }

    /// Whether every caller is let in.
    pub fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// The weak choices, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.weak
    }

    /// Logs the summary: one event, and a warning for each weak choice.
    pub(super) fn log(&self) {
        tracing::info!(
            target: TARGET,
            source = %self.source,
            providers = %self.providers.join(", "),
            authorizer = self.authorizer.as_deref(),
            public_paths = %self.public_paths.join(", "),
            webhooks = %self.webhooks.join(", "),
            limits = %self.limits.join(", "),
            shared = self.shared.as_deref(),
            revocations = self.revocations,
            dev_docs = self.dev_docs,
            overridden_by = %self.overrides.join(", "),
            "authentication is configured"
        );
        if self.is_disabled {
            warn_of_disabled();
        }
        for weak in &self.weak {
            tracing::warn!(target: TARGET, source = %self.source, "{weak}");
        }
    }

    pub(super) fn warn_of_address(&mut self, address: Option<SocketAddr>) {
        let is_public = |address: SocketAddr| !address.ip().to_canonical().is_loopback();
        if self.dev_docs && !self.is_disabled && address.is_some_and(is_public) {
            self.weak.push(
                "dev_docs is on while listening on an address that others can reach: they can \
                 read the docs pages"
                    .into(),
            );
        }
    }
}

impl fmt::Display for ConfigSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_disabled {
            true => f.write_str("every caller is let in")?,
            false if self.providers.is_empty() => f.write_str("lets nobody in but deliveries")?,
            false => write!(f, "asks {}", self.providers.join(", then "))?,
        }
        if let Some(authorizer) = &self.authorizer {
            write!(f, "; authorizer {authorizer}")?;
        }
        if !self.public_paths.is_empty() {
            write!(f, "; public: {}", self.public_paths.join(", "))?;
        }
        if !self.webhooks.is_empty() {
            write!(f, "; webhooks: {}", self.webhooks.join(", "))?;
        }
        if !self.limits.is_empty() {
            write!(f, "; limits: {}", self.limits.join(", "))?;
        }
        if let Some(shared) = &self.shared {
            write!(f, "; shared: {shared}")?;
        }
        if let Some(store) = self.revocations {
            write!(f, "; revocations: in {store}")?;
        }
        if self.dev_docs {
            f.write_str("; dev docs public")?;
        }
        Ok(())
    }
}
