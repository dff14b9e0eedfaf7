//! The layer whose rules are replaced.

use std::{fmt, sync::Arc};

use http::HeaderName;
use tower_layer::Layer;

use crate::{
    auth::{AuthService, ReplaceableCore},
    describe::LayerDescription,
};

/// A layer whose rules a [`ReloadHandle`](super::ReloadHandle) replaces while it serves.
///
/// Made by [`AuthConfig::into_reload_layer`](crate::config::AuthConfig::into_reload_layer); use it in
/// the place of an [`AuthLayer`](crate::AuthLayer).
///
/// # Example
///
/// ```
/// use tower_auth::config::{AuthConfig, ReloadHandle, ReloadLayer, Watch};
/// use std::time::Duration;
///
/// # let file = std::env::temp_dir().join(format!("tower-auth-doc2-{}.yaml", std::process::id()));
/// # std::fs::write(&file, "auth: {api_keys: [{name: ada, key: sk-live-9f}]}").unwrap();
/// let (layer, handle): (ReloadLayer, ReloadHandle) = AuthConfig::from_file(&file).into_reload_layer()?;
/// assert_eq!(layer.credential_headers()[0], "authorization");
/// assert!(handle.reload_if_changed()?.is_none());
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let watch: Watch = handle.watch(Duration::from_secs(5)); // ends when it is dropped
/// # drop(watch);
/// # });
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), tower_auth::config::ConfigFaults>(())
/// ```
#[derive(Clone)]
pub struct ReloadLayer {
    swap: ReplaceableCore,
}

impl ReloadLayer {
    pub(super) fn new(swap: ReplaceableCore) -> Self {
        Self { swap }
    }

    /// The headers that may hold a credential by the current rules: see
    /// [`AuthLayer::credential_headers`](crate::AuthLayer::credential_headers). A later file may name
    /// others, so whoever keeps credentials out of a log asks for each request, as `agent_server` does.
    pub fn credential_headers(&self) -> Arc<[HeaderName]> {
        self.swap.credential_headers()
    }

    /// Describes the layer by the current rules, as data: see
    /// [`AuthLayer::describe`](crate::AuthLayer::describe). A later change of the file is not in it.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::config::AuthConfig;
    ///
    /// let config = AuthConfig::from_yaml("auth: {api_keys: [{name: ada, key: sk-live-9f}]}");
    /// let (layer, _handle) = config.into_reload_layer()?;
    /// assert_eq!(layer.describe().providers()[0].name(), "api_key");
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    pub fn describe(&self) -> LayerDescription {
        self.swap.layer().describe()
    }
}

impl<S> Layer<S> for ReloadLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        self.swap.service(inner)
    }
}

impl fmt::Debug for ReloadLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadLayer")
            .field("credential_headers", &self.credential_headers())
            .finish_non_exhaustive()
    }
}
