//! The form of a managed key.

use std::fmt;

use super::{KeyStoreError, random};
use crate::{
    error::{ConfigError, ConfigErrorKind},
    secret::Secret,
};

/// The form of a store's keys [12.1]: a prefix, `_`, 32 random characters of `0-9A-Za-z` and six that
/// check them (CRC-32 of everything before, in base 62).
///
/// The prefix shows scanners for leaked secrets, and administrators, where the key belongs. The
/// checksum tells a mistyped key from an unknown one without asking a store; it protects nothing.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyFormat, KeyShape};
///
/// let format = KeyFormat::new("sk_live")?;
/// let key = format.generate()?;
/// assert_eq!(key.expose().len(), "sk_live_".len() + 38);
/// assert_eq!(format.shape(key.expose().as_bytes()), KeyShape::Key);
/// assert_eq!(format.shape(b"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"), KeyShape::NotMine);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The beginning of a key that a list may show:
///
/// ```
/// use tower_auth::keys::KeyFormat;
///
/// let format = KeyFormat::new("sk_live")?;
/// let key = format.generate()?;
/// assert_eq!(format.prefix(), "sk_live");
/// assert!(format.start_of(&key).starts_with("sk_live_"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFormat {
    /// With the `_` at its end.
    prefix: Box<str>,
}

/// The relation of a text to a [`KeyFormat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShape {
    /// It has another form, or another prefix.
    NotMine,
    /// It has this form, but a wrong checksum: it is mistyped or made up.
    WrongChecksum,
    /// It has this form, so it may exist.
    Key,
}

impl KeyFormat {
    /// Makes the form of keys with that prefix: 1 to 32 characters of `0-9A-Za-z_-`, the last one no
    /// `_`.
    ///
    /// # Errors
    ///
    /// The prefix is malformed.
    pub fn new(prefix: &str) -> Result<Self, ConfigError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let fits = (1..=LONGEST_PREFIX).contains(&prefix.len()) && prefix.bytes().all(is_allowed);
        if !fits || prefix.ends_with('_') {
            // Without the text: a whole key may stand in its place.
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!(
                    "the prefix of keys is not 1 to {LONGEST_PREFIX} letters, digits, `-` and `_` that \
                     end in no `_`: write one like \"sk_live\""
                ),
            ));
        }
        Ok(Self {
            prefix: format!("{prefix}_").into(),
        })
    }

    /// The prefix, without the `_` behind it.
    pub fn prefix(&self) -> &str {
        self.prefix.strip_suffix('_').unwrap_or(&self.prefix)
    }

    /// Makes a random key with about 190 random bits.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn generate(&self) -> Result<Secret, KeyStoreError> {
        let capacity = self.prefix.len() + RANDOM + CHECKSUM;
        // With its full capacity: a buffer that grew would leave a part of the key in memory.
        let mut key = String::with_capacity(capacity);
        key.push_str(&self.prefix);
        while key.len() < self.prefix.len() + RANDOM {
            let bytes = zeroize::Zeroizing::new(random::<RANDOM>()?);
            // The last multiple of 62 below 256: above it some characters would be more frequent.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            let room = self.prefix.len() + RANDOM - key.len();
            key.extend(
                fair.take(room)
                    .map(|byte| char::from(base62(u32::from(*byte)))),
            );
        }
        let checksum = checksum(key.as_bytes());
        key.extend(checksum.map(char::from));
        Ok(Secret::from(key))
    }

    /// The relation of these bytes to the form, read from their last `_`.
    pub fn shape(&self, shown: &[u8]) -> KeyShape {
        match (self.fits(shown), has_checksum(shown)) {
            (false, _) => KeyShape::NotMine,
            (true, false) => KeyShape::WrongChecksum,
            (true, true) => KeyShape::Key,
        }
    }

    /// Whether the prefix, the length and the characters are those of this form.
    pub(super) fn fits(&self, shown: &[u8]) -> bool {
        let rest = shown.strip_prefix(self.prefix.as_bytes());
        rest.is_some_and(|rest| {
            // No branch for each byte: the compiler looks at many of them at once.
            let is_base62 = |rest: &[u8]| {
                rest.iter()
                    .fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
            };
            rest.len() == RANDOM + CHECKSUM && is_base62(rest)
        })
    }

    /// Whether that is the beginning of a key of this form.
    pub(super) fn begins(&self, start: &str) -> bool {
        let rest = start.strip_prefix(&*self.prefix);
        rest.is_some_and(|rest| rest.len() == SHOWN)
    }

    /// The beginning of a key of this form, as a record shows it: the prefix, `_` and four characters.
    pub fn start_of(&self, key: &Secret) -> Box<str> {
        let start = key.expose().get(..self.prefix.len() + SHOWN);
        start.unwrap_or_default().into()
    }
}

impl fmt::Debug for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyFormat").field(&self.prefix()).finish()
    }
}

/// Whether a text ends in the checksum of what is before it.
pub(super) fn has_checksum(shown: &[u8]) -> bool {
    let parts = shown.split_last_chunk::<CHECKSUM>();
    parts.is_some_and(|(body, shown)| *shown == checksum(body))
}

/// CRC-32 in base 62, padded with `0`.
fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = base62(rest);
        rest /= 62;
    }
    digits
}

/// The digit for the remainder by 62.
fn base62(number: u32) -> u8 {
    let digit = u8::try_from(number % 62).unwrap_or_default();
    match digit {
        0..=9 => b'0' + digit,
        10..=35 => b'A' + (digit - 10),
        _ => b'a' + (digit - 36),
    }
}

const LONGEST_PREFIX: usize = 32;
const RANDOM: usize = 32;
const CHECKSUM: usize = 6;
/// The number of random characters that a record shows.
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_checksum_is_that_of_the_standard_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926, the check value of ISO 3309: 3421780262.
        let number = checksum(b"123456789").iter().fold(0_u64, |all, digit| {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'A'..=b'Z' => digit - b'A' + 10,
                _ => digit - b'a' + 36,
            };
            all * 62 + u64::from(value)
        });
        assert_eq!(number, 0xCBF4_3926);
    }

    #[test]
    fn a_small_checksum_is_padded_with_zeros() {
        // No bytes at all have the CRC-32 zero.
        assert_eq!(&checksum(b""), b"000000");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn a_key_that_is_made_is_of_the_form(prefix in "[0-9A-Za-z_-]{0,31}[0-9A-Za-z-]") {
            let format = KeyFormat::new(&prefix).unwrap();
            let key = format.generate().unwrap();
            prop_assert_eq!(format.shape(key.expose().as_bytes()), KeyShape::Key);
            let (before, rest) = key.expose().rsplit_once('_').unwrap();
            prop_assert_eq!(before, prefix);
            prop_assert_eq!(rest.len(), 38);
            prop_assert_eq!(format.start_of(&key).len(), before.len() + 5);
        }

        #[test]
        fn one_changed_character_is_never_the_key(at in 0..46_usize, to in any::<char>()) {
            let format = KeyFormat::new("sk_live").unwrap();
            let key = format.generate().unwrap();
            let mut chars: Vec<char> = key.expose().chars().collect();
            prop_assume!(chars[at] != to);
            chars[at] = to;
            let text: String = chars.into_iter().collect();
            prop_assert_ne!(format.shape(text.as_bytes()), KeyShape::Key);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let shape = KeyFormat::new("a").unwrap().shape(&bytes);
            prop_assert!(shape == KeyShape::NotMine || bytes.len() == 40);
        }
    }
}
