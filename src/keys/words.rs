//! The values of a key store: ids, digests, revisions, times.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{KeyStoreError, random};
use crate::{date, hex, secret};

/// The id of one managed key; no other key ever gets it.
///
/// `key_` and 26 characters of `0-9a-z`, of which the first ten are the time at which it was made: ids
/// sort by age, byte for byte. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// Takes an id from a store or an administrator.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::KeyId;
    ///
    /// assert_eq!(KeyId::new("key_01jd").as_str(), "key_01jd");
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a new id: the time, and 80 random bits.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn generate(now: Timestamp) -> Result<Self, KeyStoreError> {
        random().map(|random| Self::of(now, random))
    }

    fn of(now: Timestamp, random: [u8; 10]) -> Self {
        let mut id = String::from("key_");
        let time = u128::from(now.as_unix_millis()) & ((1 << 50) - 1);
        let random = random
            .iter()
            .fold(0_u128, |all, &byte| all << 8 | u128::from(byte));
        push_base32(&mut id, time, 10);
        push_base32(&mut id, random, 16);
        Self(id.into())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Crockford's digits, in the order of their bytes.
fn push_base32(text: &mut String, number: u128, digits: u32) {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    for place in (0..digits).rev() {
        let digit = usize::try_from(number >> (5 * place) & 31).unwrap_or_default();
        text.push(char::from(DIGITS.get(digit).copied().unwrap_or(b'0')));
    }
}

/// The SHA-256 of a key, by which a store looks it up.
///
/// # Security
///
/// It is in no list, no log and no error: its `Debug` form hides it.
///
/// # Example
///
/// ```
/// use tower_auth::keys::KeyDigest;
///
/// let digest = KeyDigest::of_key(b"");
/// let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert_eq!(KeyDigest::from_hex(hex), Some(digest));
/// ```
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// Takes a digest from a store.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::KeyDigest;
    ///
    /// let digest = KeyDigest::new([7; 32]);
    /// assert_eq!(digest.as_bytes()[0], 7);
    /// assert_eq!(format!("{digest:?}"), "KeyDigest(…)");
    /// ```
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits of either case; `None` where the text is malformed.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }

    /// The digest of a key.
    pub fn of_key(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for KeyDigest {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        secret::equal(&self.0, &other.0)
    }
}

impl Eq for KeyDigest {}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

/// The number of a change: each change of a store has one more than the change that was committed
/// before it. 0 is before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// Before the first change.
    pub const ZERO: Self = Self(0);

    /// Takes a number from a store.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::Revision;
    ///
    /// assert!(Revision::new(7) > Revision::ZERO);
    /// assert_eq!(Revision::new(7).next().as_u64(), 8);
    /// ```
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The number of the next change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Identifies the history that a store's revisions belong to: 128 random bits, made with the store,
/// and made again when a backup is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u128);

impl Epoch {
    /// Takes an epoch from a store.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::Epoch;
    ///
    /// assert_eq!(Epoch::new(7).as_u128(), 7);
    /// assert_ne!(Epoch::generate()?, Epoch::generate()?);
    /// # Ok::<(), tower_auth::keys::KeyStoreError>(())
    /// ```
    pub const fn new(number: u128) -> Self {
        Self(number)
    }

    /// Makes a new epoch.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, KeyStoreError> {
        random().map(|bytes| Self(u128::from_be_bytes(bytes)))
    }

    /// The number.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// A time by a store's clock: milliseconds since the Unix epoch.
///
/// It serializes as that number, and is shown as a date and time of RFC 3339 in UTC.
///
/// # Example
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use tower_auth::keys::Timestamp;
///
/// let second = Timestamp::from_unix_millis(1_000);
/// assert_eq!(second.to_system_time(), Some(UNIX_EPOCH + Duration::from_secs(1)));
/// assert_eq!(second.to_string(), "1970-01-01T00:00:01.000Z");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Makes the time of that many milliseconds after the Unix epoch.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use tower_auth::keys::Timestamp;
    ///
    /// let second = Timestamp::from_unix_millis(1_000);
    /// assert_eq!(second, Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(1)));
    /// assert_eq!(second.saturating_add(Duration::from_secs(1)).as_unix_millis(), 2_000);
    /// ```
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_unix_millis(self) -> u64 {
        self.0
    }

    /// The time plus a duration, or the latest possible time.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        // A store keeps the time in a signed column.
        Self(self.0.saturating_add(millis).min(i64::MAX.unsigned_abs()))
    }

    /// The time in the system's form; `None` where the platform cannot hold it.
    pub fn to_system_time(self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        date::write(self.0, f)
    }
}

impl From<SystemTime> for Timestamp {
    /// A time before the Unix epoch becomes the epoch itself.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::default().saturating_add(since)
    }
}

/// An answer of a store with the store's time: a replica uses the store's clock, not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf<T> {
    /// The store's time when it answered.
    pub now: Timestamp,
    /// The answer.
    pub value: T,
}

impl<T> AsOf<T> {
    /// Applies a function to the answer, and keeps the time.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::keys::{AsOf, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_000);
    /// assert_eq!(AsOf { now, value: 7 }.map(|seven| seven + 1), AsOf { now, value: 8 });
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> AsOf<U> {
        AsOf {
            now: self.now,
            value: change(self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_when_they_were_made() {
        let at = |millis, random| KeyId::of(Timestamp(millis), [random; 10]);
        assert!(at(1, 255) < at(2, 0));
        assert!(at(31, 255) < at(32, 0));
        assert!(at(1 << 49, 255) < at((1 << 49) + 1, 0));
        assert_eq!(at(1, 1).as_str().len(), 30);
    }

    #[test]
    fn ids_of_one_instant_differ_by_their_random_part() {
        let at = |random| KeyId::of(Timestamp(1), random);
        let mut other = [7; 10];
        for place in 0..10 {
            other[place] ^= 1;
            assert_ne!(at([7; 10]), at(other), "{place}");
        }
    }
}
