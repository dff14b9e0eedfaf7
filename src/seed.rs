//! Keyed hashes, so that nobody outside can aim at an entry of a table.

use std::hash::{BuildHasher, Hasher, RandomState};

use siphasher::{
    sip,
    sip128::{Hasher128, SipHasher13},
};

/// Secrets that each process makes anew: for lists of texts, for blocks, and for what is hashed already.
#[derive(Clone)]
pub(crate) struct Seed {
    texts: SipHasher13,
    blocks: sip::SipHasher13,
    mask: [u64; 2],
}

impl Seed {
    pub(crate) fn new() -> Self {
        // The standard library's own random keys, which it takes from the system, as a function of
        // two inputs.
        let random = RandomState::new();
        let halves = |number: u8| [0, 1].map(|half| random.hash_one([number, half]));
        let (texts, blocks) = (halves(1), halves(2));
        Self {
            texts: SipHasher13::new_with_keys(texts[0], texts[1]),
            blocks: sip::SipHasher13::new_with_keys(blocks[0], blocks[1]),
            mask: halves(3),
        }
    }

    pub(crate) fn hasher(&self) -> SeededHasher {
        SeededHasher {
            sip: self.texts,
            held: [0; HELD],
            len: 0,
            has_passed_on: false,
        }
    }

    /// A hash of texts.
    pub(crate) fn hash<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.write(part);
        }
        hasher.finish()
    }

    /// A hash of sixteen bytes, which takes half as long as that of a text. It tells apart what 64 bits tell
    /// apart.
    pub(crate) fn hash_block(&self, block: [u8; 16]) -> u128 {
        self.hash_again(self.blocks.hash(&block))
    }

    /// Another hash, of one that was keyed with a secret already: the places of two seeds are two. It tells
    /// apart what 64 bits tell apart.
    #[inline]
    pub(crate) fn hash_again(&self, hash: u64) -> u128 {
        let [high, low] = self.mask.map(|mask| u128::from(hash ^ mask));
        high << 64 | low
    }
}

/// Hashes texts that come one after the other.
pub(crate) struct SeededHasher {
    sip: SipHasher13,
    /// What comes next: the hash takes whole words, and short pieces one by one take it five times as long
    /// (`tower-auth: a key, attempts limited` in `benches/peers`).
    held: [u8; HELD],
    len: usize,
    has_passed_on: bool,
}

impl SeededHasher {
    /// Adds a text with its length, so that no two lists read alike.
    #[inline(always)]
    pub(crate) fn write(&mut self, text: &[u8]) {
        // No header, and so no text of a caller, has 4 GiB.
        let len = u32::try_from(text.len()).unwrap_or(NONE - 1);
        self.put(&len.to_ne_bytes());
        self.put(text);
    }

    /// Adds the absence of a text.
    pub(crate) fn write_none(&mut self) {
        self.put(&NONE.to_ne_bytes());
    }

    pub(crate) fn finish(mut self) -> u128 {
        let hash = match self.has_passed_on {
            false => self.sip.hash(self.held()),
            true => {
                self.pass_on();
                self.sip.finish128()
            }
        };
        hash.as_u128()
    }

    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        if let Some(place) = self.held.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        } else {
            self.pass_on();
            self.sip.write(bytes);
        }
    }

    fn held(&self) -> &[u8] {
        self.held.get(..self.len).unwrap_or_default()
    }

    #[cold]
    fn pass_on(&mut self) {
        let held = self.held.get(..self.len).unwrap_or_default();
        self.sip.write(held);
        self.len = 0;
        self.has_passed_on = true;
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// Most lists of texts are shorter.
const HELD: usize = 128;
/// The length of a text that is not there.
const NONE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_read_alike_differ_and_so_do_two_seeds() {
        let seed = Seed::new();
        let hash = |parts: &[&str]| seed.hash(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["abc"]));
        assert_ne!(hash(&["ab"]), Seed::new().hash([b"ab".as_slice()]));
    }

    #[test]
    fn blocks_and_numbers_differ_and_so_do_two_seeds() {
        let (seed, other) = (Seed::new(), Seed::new());
        let block = |seed: &Seed, last| {
            seed.hash_block([[7; 15].as_slice(), &[last]].concat().try_into().unwrap())
        };
        assert_eq!(block(&seed, 1), block(&seed, 1));
        assert_ne!(block(&seed, 1), block(&seed, 2));
        let halves = |hash: u128| [hash >> 64, hash << 64 >> 64];
        for (one, two) in [
            (block(&seed, 1), block(&other, 1)),
            (seed.hash_again(1), seed.hash_again(2)),
            (seed.hash_again(1), other.hash_again(1)),
        ] {
            let [one, two] = [halves(one), halves(two)];
            assert!(one[0] != two[0] && one[1] != two[1], "{one:?} {two:?}");
        }
    }

    #[test]
    fn texts_of_all_lengths_are_told_apart() {
        let seed = Seed::new();
        let text = [7; 3 * HELD];
        let mut hashes = std::collections::HashSet::new();
        for first in 0..=text.len() {
            for second in [0, 1, 8, HELD - 8, HELD] {
                let parts = [&text[..first], &text[..second]];
                assert!(hashes.insert(seed.hash(parts)), "{first} {second}");
            }
            let mut with_none = seed.hasher();
            with_none.write(&text[..first]);
            with_none.write_none();
            assert!(hashes.insert(with_none.finish()), "{first}");
        }
    }

    #[test]
    fn a_hash_is_that_of_the_texts_with_their_lengths() {
        let seed = Seed::new();
        for len in [0, 1, HELD - 4, HELD - 3, 1_000] {
            let text = vec![7; len];
            let mut sip = seed.texts;
            for text in [&text[..], b"and", &text] {
                sip.write(&u32::try_from(text.len()).unwrap().to_ne_bytes());
                sip.write(text);
            }
            let hash = seed.hash([&text[..], b"and", &text]);
            assert_eq!(hash, sip.finish128().as_u128(), "{len}");
        }
    }
}
