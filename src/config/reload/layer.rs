//! The layer whose rules are replaced.

use std::{fmt, sync::Arc};

use http::HeaderName;
use tower_layer::Layer;

use crate::auth::{AuthService, ReplaceableCore};

/// A layer whose rules a [`ReloadHandle`](super::ReloadHandle) replaces while it serves.
///
/// Made by [`AuthConfig::into_reload_layer`](crate::config::AuthConfig::into_reload_layer); it goes where an
/// [`AuthLayer`](crate::AuthLayer) would.
#[derive(Clone)]
pub struct ReloadLayer {
    swap: ReplaceableCore,
}

impl ReloadLayer {
    pub(super) fn new(swap: ReplaceableCore) -> Self {
        Self { swap }
    }

    /// The headers that may hold a credential by the rules of now: see
    /// [`AuthLayer::credential_headers`](crate::AuthLayer::credential_headers).
    pub fn credential_headers(&self) -> Arc<[HeaderName]> {
        self.swap.credential_headers()
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
