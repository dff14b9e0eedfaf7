//! Which delivery goes where.

use std::{fmt, sync::Arc};

use http::{Method, Request};

use super::proof::Origin;
use crate::{
    access::{Route, Rules},
    auth::layer::AuthLayer,
    config::shape::webhook::Scheme,
    error::ConfigError,
    webhook::{MemoryReplayStore, WebhookLayer},
};

/// A webhook that a file names, ready to judge.
pub(in crate::config) struct Hook {
    pub(in crate::config) path: Arc<str>,
    pub(in crate::config) scheme: Scheme,
    pub(in crate::config) layer: WebhookLayer,
    /// Whether it answers the platform's handshake, which is a `GET`.
    pub(in crate::config) has_handshake: bool,
    /// What has been handled; another file keeps it.
    pub(in crate::config) handled: MemoryReplayStore,
}

/// The webhooks of one configuration.
#[derive(Clone)]
pub(in crate::config) struct Table {
    origin: Origin,
    rules: Rules<Arc<Hook>>,
    hooks: Vec<Arc<Hook>>,
    /// Words what is refused: the realm is the file's, and a refusal of one's own the program's.
    auth: Option<AuthLayer>,
}

impl Table {
    pub(in crate::config) fn new(origin: Origin) -> Self {
        Self {
            origin,
            rules: Rules::new(),
            hooks: Vec::new(),
            auth: None,
        }
    }

    pub(in crate::config) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(in crate::config) fn add(&mut self, hook: Hook) -> Result<(), ConfigError> {
        let hook = Arc::new(hook);
        let rule = (Method::POST, &*hook.path).into();
        self.rules.add(rule, Arc::clone(&hook))?;
        self.hooks.push(hook);
        Ok(())
    }

    #[must_use]
    pub(in crate::config) fn worded_by(mut self, auth: AuthLayer) -> Self {
        self.auth = Some(auth);
        self
    }

    pub(in crate::config) fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    /// What the webhook on that path has handled, so that the next file's goes on from there.
    pub(in crate::config) fn handled(
        &self,
        path: &str,
        scheme: Scheme,
    ) -> Option<MemoryReplayStore> {
        let same = |hook: &&Arc<Hook>| *hook.path == *path && hook.scheme == scheme;
        self.hooks
            .iter()
            .find(same)
            .map(|hook| hook.handled.clone())
    }

    /// The webhook that a request is a delivery to, or a handshake with.
    pub(super) fn find<B>(&self, request: &Request<B>) -> Option<&Arc<Hook>> {
        let may_be = matches!(*request.method(), Method::POST | Method::GET);
        if self.hooks.is_empty() || !may_be {
            return None;
        }
        let route = Route::of(request.uri(), request.extensions());
        let hook = self.rules.entry(&route)?.access(&Method::POST)?;
        (request.method() == Method::POST || hook.has_handshake).then_some(hook)
    }

    pub(super) fn auth(&self) -> Option<&AuthLayer> {
        self.auth.as_ref()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.hooks.iter().map(|hook| &hook.path);
        f.debug_list().entries(paths).finish()
    }
}
