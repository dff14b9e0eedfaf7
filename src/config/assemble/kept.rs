//! What one file leaves to the next.

use std::sync::Arc;

use super::limits::KeptLimits;
use crate::{
    config::{
        fault::Place,
        read::Slot,
        shape::{
            key_store::ManagedKeyStore,
            tokens::{Introspection, OAuth2},
            webhook::Scheme,
        },
    },
    keys::{KeyStoreUrl, LazyKeyStore, ManagedKeys},
    provider::{IntrospectionAuth, OAuth2Auth},
    secret::Secret,
    webhook::{MemoryReplayStore, WebhookRoutes},
};

/// What was fetched, asked and handled, where another file goes on with it.
#[derive(Default)]
pub(in crate::config) struct Kept {
    pub(super) issuers: Vec<KeptIssuer>,
    pub(super) introspection: Option<KeptIntrospection>,
    pub(super) handled: Vec<Handled>,
    /// Those of this file.
    pub(in crate::config) managed_keys: Option<KeptKeys>,
    /// Those of the last file before that had some. They are administered while files without them
    /// hold, so a later file with the block has to go on with them.
    earlier_keys: Option<KeptKeys>,
    pub(super) limits: Option<KeptLimits>,
}

impl Kept {
    /// Nothing yet, for a file that comes after another one.
    pub(super) fn after(former: Option<Former<'_>>) -> Self {
        Self {
            earlier_keys: former.and_then(|former| former.kept.last_keys().cloned()),
            ..Self::default()
        }
    }

    /// The managed keys that were named last, by this file or by one before.
    pub(super) fn last_keys(&self) -> Option<&KeptKeys> {
        self.managed_keys.as_ref().or(self.earlier_keys.as_ref())
    }
}

/// What the file before came to, whose rules hold while the next one is read.
#[derive(Clone, Copy)]
pub(in crate::config) struct Former<'a> {
    /// What these routes have proven counts as before.
    pub(in crate::config) webhooks: &'a WebhookRoutes,
    pub(in crate::config) kept: &'a Kept,
}

/// What makes one issuer's provider another's: with the same, fetched keys can be kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IssuerPlan {
    pub(super) block: OAuth2,
    /// As they were read: the file may hold others by now.
    pub(super) authorities: Option<Secret>,
}

/// An issuer's provider, whose keys are fetched already.
pub(super) struct KeptIssuer {
    pub(super) plan: IssuerPlan,
    pub(super) provider: OAuth2Auth,
}

/// What makes one provider another: with the same, it is still known which tokens are good.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IntrospectionPlan {
    pub(super) block: Introspection,
    /// As they were read: a file may hold another one by now.
    pub(super) secret: Slot<Secret>,
    pub(super) token: Slot<Secret>,
    pub(super) authorities: Option<Secret>,
}

/// A provider that asks about tokens, and knows some of them already.
pub(super) struct KeptIntrospection {
    pub(super) plan: IntrospectionPlan,
    pub(super) provider: IntrospectionAuth,
}

/// Managed keys, which are read from their store already.
#[derive(Clone)]
pub(in crate::config) struct KeptKeys {
    /// Of the URL in the document.
    pub(in crate::config) place: Place,
    pub(in crate::config) url: KeyStoreUrl,
    pub(super) block: ManagedKeyStore,
    pub(in crate::config) store: LazyKeyStore,
    pub(in crate::config) keys: ManagedKeys,
}

/// What the webhook at a path has handled: another file goes on from there.
pub(super) struct Handled {
    pub(super) path: Arc<str>,
    pub(super) scheme: Scheme,
    pub(super) store: MemoryReplayStore,
}
