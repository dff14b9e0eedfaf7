//! What one file leaves to the next.

use std::{path::PathBuf, sync::Arc};

use super::limits::KeptLimits;
use crate::{
    audit::AuditSink,
    config::{
        fault::Place,
        read::Slot,
        shape::{
            audit::Audit,
            key_store::ManagedKeyStore,
            tokens::{Introspection, OAuth2},
            webhook::Scheme,
        },
    },
    keys::{KeyStoreUrl, LazyKeyStore, ManagedKeys},
    provider::{IntrospectionAuth, OAuth2Auth},
    revocations::{LazyRevocationStore, Revocations},
    secret::Secret,
    shared::{LazySharedState, SharedCounts, SharedUrl},
    webhook::{MemoryReplayStore, SharedReplayStore, WebhookRoutes},
};

/// What was fetched, asked and handled, where another file goes on with it.
#[derive(Default)]
pub(in crate::config) struct Kept {
    pub(super) issuers: Vec<KeptIssuer>,
    pub(super) introspection: Option<KeptIntrospection>,
    pub(super) handled: Vec<Handled>,
    /// That of earlier files, the newest first: a webhook that one file leaves out and a later one has
    /// again goes on from there.
    pub(super) earlier_handled: Vec<Handled>,
    /// Those of this file.
    pub(in crate::config) managed_keys: Option<KeptKeys>,
    /// Those of the last file before that had some. They are administered while files without them
    /// hold, so a later file with the block has to go on with them.
    earlier_keys: Option<KeptKeys>,
    pub(super) limits: Option<KeptLimits>,
    /// Those of earlier files, the newest first.
    pub(super) earlier_limits: Vec<KeptLimits>,
    pub(in crate::config) shared: Option<KeptShared>,
    /// Those of this file.
    pub(in crate::config) revocations: Option<KeptRevocations>,
    /// Those of the last file before that had some: a program may hold them, so a later file with the
    /// block has to go on with them.
    earlier_revocations: Option<KeptRevocations>,
    pub(in crate::config) audit: Option<KeptAudit>,
}

impl Kept {
    /// Nothing yet, for a file that comes after another one.
    pub(super) fn after(former: Option<Former<'_>>) -> Self {
        let Some(former) = former.map(|former| former.kept) else {
            return Self::default();
        };
        let handled = former.handled.iter().chain(&former.earlier_handled);
        let limits = former.limits.iter().chain(&former.earlier_limits);
        Self {
            earlier_keys: former.last_keys().cloned(),
            earlier_revocations: former.last_revocations().cloned(),
            earlier_handled: newest(handled, MOST_EARLIER_WEBHOOKS, Handled::is_of),
            earlier_limits: newest(limits, MOST_EARLIER_LIMITS, KeptLimits::says_as),
            ..Self::default()
        }
    }

    /// The managed keys that were named last, by this file or by one before.
    pub(super) fn last_keys(&self) -> Option<&KeptKeys> {
        self.managed_keys.as_ref().or(self.earlier_keys.as_ref())
    }

    /// The revocations that were turned on last, by this file or by one before.
    pub(super) fn last_revocations(&self) -> Option<&KeptRevocations> {
        let earlier = self.earlier_revocations.as_ref();
        self.revocations.as_ref().or(earlier)
    }
}

/// The first of those that are alike, and no more than so many.
fn newest<'a, T: Clone + 'a>(
    all: impl Iterator<Item = &'a T>,
    most: usize,
    is_alike: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let mut newest: Vec<T> = Vec::new();
    for one in all {
        if newest.len() < most && !newest.iter().any(|newer| is_alike(newer, one)) {
            newest.push(one.clone());
        }
    }
    newest
}

/// So many webhooks that are in no file any more are remembered.
const MOST_EARLIER_WEBHOOKS: usize = 64;
/// So many earlier limits go on with their counts.
const MOST_EARLIER_LIMITS: usize = 4;

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

/// A state that several processes share.
#[derive(Clone)]
pub(in crate::config) struct KeptShared {
    /// Of the URL in the document.
    pub(in crate::config) place: Place,
    pub(in crate::config) url: SharedUrl,
    pub(in crate::config) state: LazySharedState,
    pub(in crate::config) counts: SharedCounts,
    /// The deliveries that webhooks have handled.
    pub(super) handled: SharedReplayStore,
}

/// Revocations, which are read from their store already.
#[derive(Clone)]
pub(in crate::config) struct KeptRevocations {
    pub(in crate::config) store: RevocationsIn,
    pub(in crate::config) revocations: Revocations,
}

/// The store of revocations.
#[derive(Clone)]
pub(in crate::config) enum RevocationsIn {
    KeyStore(KeyStoreUrl),
    /// Of the server that the block `shared` names.
    Shared {
        url: SharedUrl,
        store: LazyRevocationStore,
    },
}

impl RevocationsIn {
    pub(super) fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::KeyStore(one), Self::KeyStore(other)) => one == other,
            (Self::Shared { url: one, .. }, Self::Shared { url: other, .. }) => one == other,
            _ => false,
        }
    }
}

/// An audit file, which the next file goes on with.
#[derive(Clone)]
pub(in crate::config) struct KeptAudit {
    pub(super) block: Audit,
    /// Of the block in the document.
    pub(in crate::config) place: Place,
    pub(in crate::config) path: PathBuf,
    pub(in crate::config) sink: AuditSink,
}

/// What the webhook at a path has handled: another file goes on from there.
#[derive(Clone)]
pub(super) struct Handled {
    pub(super) path: Arc<str>,
    pub(super) scheme: Scheme,
    pub(super) store: MemoryReplayStore,
}

impl Handled {
    fn is_of(&self, other: &Self) -> bool {
        self.path == other.path && self.scheme == other.scheme
    }
}
