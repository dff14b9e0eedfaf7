//! Tokens that verified, so that the next request with one need not verify it again.

use std::{fmt, hash::Hasher};

use aws_lc_rs::rand;
use foldhash::fast::RandomState;
use quick_cache::{UnitWeighter, sync::Cache};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::AuthContext;

/// Remembered tokens of one provider: bounded, and never the tokens themselves.
///
/// Only what verified is remembered, so callers without a token cannot fill it.
pub(crate) struct Memory {
    tokens: Cache<u128, Remembered, UnitWeighter, RandomState>,
    names: TokenNames,
}

/// Names for tokens, by which they are found without being kept.
///
/// A name is a 128-bit SipHash over every byte of the token, under a random key: without that key
/// nobody can look for a token that collides with another's, and with 128 bits none does by chance.
#[derive(Clone)]
pub(crate) struct TokenNames(SipHasher13);

impl TokenNames {
    /// Names under a new key; none where the system has no randomness to give.
    pub(crate) fn new() -> Option<Self> {
        let mut key = [0; 16];
        rand::fill(&mut key).ok()?;
        Some(Self(SipHasher13::new_with_key(&key)))
    }

    pub(crate) fn name(&self, token: &[u8]) -> u128 {
        let mut hasher = self.0;
        hasher.write(token);
        hasher.finish128().as_u128()
    }
}

/// What a verified token came to.
#[derive(Clone)]
pub(crate) struct Remembered {
    pub(crate) context: AuthContext,
    pub(crate) not_before: Option<u64>,
    pub(crate) issued_at: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    /// The set of keys that it verified under.
    pub(crate) generation: u64,
    /// When it was put here.
    pub(crate) since: u64,
}

impl Memory {
    /// A memory of at most so many tokens; none where the system has no randomness to give.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        Some(Self {
            tokens: Cache::with(
                capacity,
                u64::try_from(capacity).unwrap_or(u64::MAX),
                UnitWeighter,
                RandomState::default(),
                Default::default(),
            ),
            names: TokenNames::new()?,
        })
    }

    /// The name by which a token is recalled and remembered.
    pub(crate) fn name(&self, token: &[u8]) -> u128 {
        self.names.name(token)
    }

    /// What a token came to under these keys, within the last five minutes.
    ///
    /// Its times are the caller's to check: they were right then, and may not be now.
    pub(crate) fn recall(&self, name: u128, generation: u64, now: u64) -> Option<Remembered> {
        let is_fresh = |found: &Remembered| {
            found.generation == generation && now.abs_diff(found.since) < LONGEST_SECONDS
        };
        let found = self.tokens.get(&name)?;
        if !is_fresh(&found) {
            self.tokens.remove(&name);
            return None;
        }
        Some(found)
    }

    pub(crate) fn remember(&self, name: u128, what: Remembered) {
        self.tokens.insert(name, what);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

const LONGEST_SECONDS: u64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(generation: u64, since: u64) -> Remembered {
        Remembered {
            context: AuthContext::new("ada"),
            not_before: None,
            issued_at: None,
            expires_at: None,
            generation,
            since,
        }
    }

    fn memory_of(token: &str) -> Memory {
        let memory = Memory::new(8).unwrap();
        memory.remember(memory.name(token.as_bytes()), remembered(1, 1000));
        memory
    }

    fn recalls(memory: &Memory, token: &str, generation: u64, now: u64) -> bool {
        let name = memory.name(token.as_bytes());
        memory.recall(name, generation, now).is_some()
    }

    #[test]
    fn recalls_only_the_very_same_token() {
        let memory = memory_of("aaa.bbb.ccc");
        assert!(recalls(&memory, "aaa.bbb.ccc", 1, 1000));
        for other in [
            "aaa.bbb.ccd",
            "aab.bbb.ccc",
            "aaa.bbb.ccc ",
            "aaa.bbb.cc",
            "",
        ] {
            assert!(!recalls(&memory, other, 1, 1000), "{other:?}");
        }
    }

    #[test]
    fn forgets_after_five_minutes() {
        assert!(recalls(&memory_of("t"), "t", 1, 1299));
        assert!(!recalls(&memory_of("t"), "t", 1, 1300));
    }

    #[test]
    fn forgets_when_the_clock_is_set_far_back() {
        assert!(!recalls(&memory_of("t"), "t", 1, 700));
    }

    #[test]
    fn forgets_with_the_keys() {
        assert!(!recalls(&memory_of("t"), "t", 2, 1000));
    }

    #[test]
    fn stays_within_its_bound() {
        let memory = Memory::new(100).unwrap();
        for number in 0..10_000 {
            let name = memory.name(number.to_string().as_bytes());
            memory.remember(name, remembered(1, 0));
        }
        assert!(memory.tokens.len() <= 100, "{}", memory.tokens.len());
    }

    #[test]
    fn two_memories_name_a_token_differently() {
        let (one, other) = (TokenNames::new().unwrap(), TokenNames::new().unwrap());
        assert_ne!(one.name(b"t"), other.name(b"t"));
    }
}
