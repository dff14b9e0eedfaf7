//! A cache of tokens that verified, so that the next request with such a token need not verify it.

use std::{fmt, hash::Hasher};

use aws_lc_rs::rand;
use foldhash::fast::RandomState;
use quick_cache::{UnitWeighter, sync::Cache};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::context::AuthContext;

/// The remembered tokens of one provider. It is bounded and keeps hashes, never the tokens themselves.
///
/// Only tokens that verified are remembered, so callers without a good token cannot fill it.
pub(crate) struct TokenMemory {
    tokens: Cache<u128, RememberedToken, UnitWeighter, RandomState>,
    hasher: TokenHasher,
}

/// Hashes tokens, which are then found without being kept.
///
/// The hash is a 128-bit SipHash over every byte of the token, under a random key. Without that key
/// nobody can look for a token that collides with another's, and with 128 bits none does by chance.
#[derive(Clone)]
pub(crate) struct TokenHasher(SipHasher13);

impl TokenHasher {
    /// A hasher with a new key; `None` where the system has no randomness to give.
    pub(crate) fn new() -> Option<Self> {
        let mut key = [0; 16];
        rand::fill(&mut key).ok()?;
        Some(Self(SipHasher13::new_with_key(&key)))
    }

    pub(crate) fn hash(&self, token: &[u8]) -> u128 {
        let mut hasher = self.0;
        hasher.write(token);
        hasher.finish128().as_u128()
    }
}

/// The caller and the times of a token that verified; times in Unix seconds.
#[derive(Clone)]
pub(crate) struct AcceptedToken {
    pub(crate) context: AuthContext,
    pub(crate) not_before: Option<u64>,
    pub(crate) issued_at: Option<u64>,
    pub(crate) expires_at: Option<u64>,
}

#[derive(Clone)]
struct RememberedToken {
    accepted: AcceptedToken,
    /// The generation of the keys that it verified with.
    generation: u64,
    /// When it was remembered, in Unix seconds.
    since: u64,
}

/// What the memory holds for a token.
pub(crate) enum Entry<'m> {
    Known(AcceptedToken),
    Vacant(VacantEntry<'m>),
}

/// The entry of a token that is not remembered. It is filled if the token verifies with the same keys.
pub(crate) struct VacantEntry<'m> {
    memory: &'m TokenMemory,
    hash: u128,
    generation: u64,
    now: u64,
}

impl VacantEntry<'_> {
    pub(crate) fn fill(self, accepted: AcceptedToken) {
        let remembered = RememberedToken {
            accepted,
            generation: self.generation,
            since: self.now,
        };
        self.memory.tokens.insert(self.hash, remembered);
    }
}

impl TokenMemory {
    /// A memory of at most `capacity` tokens; `None` where the system has no randomness to give.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        Some(Self {
            tokens: Cache::with(
                capacity,
                u64::try_from(capacity).unwrap_or(u64::MAX),
                UnitWeighter,
                RandomState::default(),
                Default::default(),
            ),
            hasher: TokenHasher::new()?,
        })
    }

    /// The entry of a token, known if it verified with the same keys within the last five minutes.
    ///
    /// The caller checks its times again: they were right then, and may not be now.
    pub(crate) fn entry(&self, token: &[u8], generation: u64, now: u64) -> Entry<'_> {
        let hash = self.hasher.hash(token);
        if let Some(found) = self.tokens.get(&hash) {
            if found.generation == generation && now.abs_diff(found.since) < MAX_AGE {
                return Entry::Known(found.accepted);
            }
            self.tokens.remove(&hash);
        }
        Entry::Vacant(VacantEntry {
            memory: self,
            hash,
            generation,
            now,
        })
    }
}

impl fmt::Debug for TokenMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMemory")
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

/// In seconds.
const MAX_AGE: u64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(memory: &TokenMemory, token: &str, generation: u64, now: u64) {
        let Entry::Vacant(entry) = memory.entry(token.as_bytes(), generation, now) else {
            panic!("it is remembered already");
        };
        entry.fill(AcceptedToken {
            context: AuthContext::new("ada"),
            not_before: None,
            issued_at: None,
            expires_at: None,
        });
    }

    fn memory_of(token: &str) -> TokenMemory {
        let memory = TokenMemory::new(8).unwrap();
        remember(&memory, token, 1, 1000);
        memory
    }

    fn recalls(memory: &TokenMemory, token: &str, generation: u64, now: u64) -> bool {
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
        let memory = TokenMemory::new(100).unwrap();
        for number in 0..10_000 {
            remember(&memory, &number.to_string(), 1, 0);
        }
        assert!(memory.tokens.len() <= 100, "{}", memory.tokens.len());
    }

    #[test]
    fn two_memories_hash_a_token_differently() {
        let (one, other) = (TokenHasher::new().unwrap(), TokenHasher::new().unwrap());
        assert_ne!(one.hash(b"t"), other.hash(b"t"));
    }
}
