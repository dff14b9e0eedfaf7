//! What is done once, by one of several processes.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::seed::Seed;

/// Something to do once, for a [`SharedState`](super::SharedState): a kind (`webhook`) and a name (the
/// id of a delivery). Each value is an attempt of its own, so one attempt never ends another's.
///
/// # Example
///
/// ```
/// use tower_auth::shared::Once;
///
/// let (mine, yours) = (Once::new("webhook", b"evt_1"), Once::new("webhook", b"evt_1"));
/// // Every process makes the same name of one thing, and another of every other.
/// assert_eq!(mine.name(), yours.name());
/// assert_ne!(mine.name(), Once::new("code", b"evt_1").name());
/// assert_ne!(mine.attempt(), yours.attempt());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Once {
    name: [u8; 32],
    attempt: u128,
}

impl Once {
    /// Makes an attempt at one thing of a kind.
    pub fn new(kind: &str, name: &[u8]) -> Self {
        let mut digest = Sha256::new();
        for part in [kind.as_bytes(), name] {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        }
        Self {
            name: digest.finalize().into(),
            // Two processes never make one number: its 128 bits come from the system's random keys.
            attempt: Seed::new().hash([]),
        }
    }

    /// The name: a SHA-256 over the kind and the name in it, so that no store reads what it remembers.
    pub fn name(&self) -> &[u8; 32] {
        &self.name
    }

    /// The number of this attempt, which no other has.
    pub fn attempt(&self) -> u128 {
        self.attempt
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once(…)")
    }
}

/// Whether a thing that is done once is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nobody has done it, and nobody is at it: whoever was answered this does it.
    New,
    /// Somebody is at it.
    InProgress,
    /// It is done.
    Done,
}
