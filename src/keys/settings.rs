//! The settings of a provider of managed keys.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{clock::Clock, provider::SourceLabel, request::CredentialSource};

use super::{KeyFormat, told::Told};

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) format: KeyFormat,
    pub(super) sources: Arc<[CredentialSource]>,
    pub(super) label: Option<SourceLabel>,
    pub(super) clock: Clock,
    pub(super) stale_limit: Duration,
    pub(super) max_lifetime: Option<Duration>,
    /// The number of keys in memory.
    pub(super) max_known: usize,
    /// Methods of principals that may own keys.
    pub(super) owner_methods: BTreeSet<&'static str>,
    /// Claims that every administrator may write into the metadata of keys.
    pub(super) free_metadata: BTreeSet<Box<str>>,
    /// Who is told of changes.
    pub(super) changes: Told,
}

impl Settings {
    pub(super) fn new(format: KeyFormat, sources: Arc<[CredentialSource]>) -> Self {
        Self {
            format,
            sources,
            label: None,
            clock: Clock::system(),
            stale_limit: STALE_LIMIT,
            max_lifetime: None,
            max_known: MAX_KNOWN,
            owner_methods: OWNER_METHODS.into(),
            free_metadata: BTreeSet::new(),
            changes: Told::default(),
        }
    }

    /// The label of this store's own callers.
    pub(super) fn own_label(&self) -> Option<Arc<str>> {
        self.label.as_ref().map(SourceLabel::text)
    }

    /// The program's own name for a method, if it has one.
    pub(super) fn owner_method(&self, method: &str) -> Option<&'static str> {
        self.owner_methods.get(method).copied()
    }
}

const MAX_KNOWN: usize = 1_000_000;
const STALE_LIMIT: Duration = Duration::from_secs(60);
/// The methods of the providers in this crate.
const OWNER_METHODS: [&str; 7] = [
    "allowlist",
    "api_key",
    "custom",
    "introspection",
    "jwt",
    "oauth2",
    "userinfo",
];
