//! Tokens that verified, so that the next request with one need not verify it again.

use std::{fmt, hash::Hasher};

use aws_lc_rs::rand;
use foldhash::fast::RandomState;
use quick_cache::{UnitWeighter, sync::Cache};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::context::AuthContext;

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

/// What a token that verified came to.
#[derive(Clone)]
pub(crate) struct Accepted {
    pub(crate) context: AuthContext,
    pub(crate) not_before: Option<u64>,
    pub(crate) issued_at: Option<u64>,
    pub(crate) expires_at: Option<u64>,
}

#[derive(Clone)]
struct Remembered {
    accepted: Accepted,
    /// The set of keys that it verified under.
    generation: u64,
    /// When it was put here.
    since: u64,
}

/// What a memory has for a token.
pub(crate) enum Entry<'m> {
    Known(Accepted),
    Vacant(Seat<'m>),
}

/// Where a token that is not remembered will be, if it verifies under the same keys.
pub(crate) struct Seat<'m> {
    memory: &'m Memory,
    name: u128,
    generation: u64,
    now: u64,
}

impl Seat<'_> {
    pub(crate) fn remember(self, accepted: Accepted) {
        let remembered = Remembered {
            accepted,
            generation: self.generation,
            since: self.now,
        };
        self.memory.tokens.insert(self.name, remembered);
    }
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

    /// What a token came to under these keys, within the last five minutes.
    ///
    /// Its times are the caller's to check: they were right then, and may not be now.
    pub(crate) fn entry(&self, token: &[u8], generation: u64, now: u64) -> Entry<'_> {
        let name = self.names.name(token);
        if let Some(found) = self.tokens.get(&name) {
            if found.generation == generation && now.abs_diff(found.since) < LONGEST_SECONDS {
                return Entry::Known(found.accepted);
            }
            self.tokens.remove(&name);
        }
        Entry::Vacant(Seat {
            memory: self,
            name,
            generation,
            now,
        })
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

    fn remember(memory: &Memory, token: &str, generation: u64, now: u64) {
        let Entry::Vacant(seat) = memory.entry(token.as_bytes(), generation, now) else {
            panic!("it is remembered already");
        };
        seat.remember(Accepted {
            context: AuthContext::new("ada"),
            not_before: None,
            issued_at: None,
            expires_at: None,
        });
    }

    fn memory_of(token: &str) -> Memory {
        let memory = Memory::new(8).unwrap();
        remember(&memory, token, 1, 1000);
        memory
    }

    fn recalls(memory: &Memory, token: &str, generation: u64, now: u64) -> bool {
        matches!(
            memory.entry(token.as_bytes(), generation, now),
            Entry::Known(_)
        )
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
            remember(&memory, &number.to_string(), 1, 0);
        }
        assert!(memory.tokens.len() <= 100, "{}", memory.tokens.len());
    }

    #[test]
    fn two_memories_name_a_token_differently() {
        let (one, other) = (TokenNames::new().unwrap(), TokenNames::new().unwrap());
        assert_ne!(one.name(b"t"), other.name(b"t"));
    }
}
