//! The settings of revocations.

use std::time::Duration;

use crate::{
    clock::Clock,
    keys::{ChangeAudit, LEEWAY, ManagedKeys},
};

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) clock: Clock,
    pub(super) stale_limit: Duration,
    /// The longest life of a token.
    pub(super) max_lifetime: Duration,
    pub(super) leeway: Duration,
    /// The number of entries that a store may keep.
    pub(super) max_kept: usize,
    /// Whether a signed token may leave out when it was issued.
    pub(super) allows_missing_iat: bool,
    /// The keys in other stores that end with their principal.
    pub(super) further: Vec<ManagedKeys>,
    /// The audit file of what this process revokes in a store without keys.
    pub(super) audit: ChangeAudit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            stale_limit: STALE_LIMIT,
            max_lifetime: MAX_LIFETIME,
            leeway: LEEWAY,
            max_kept: MAX_KEPT,
            allows_missing_iat: false,
            further: Vec::new(),
            audit: ChangeAudit::default(),
        }
    }
}

const STALE_LIMIT: Duration = Duration::from_secs(60);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_KEPT: usize = 1_000_000;
