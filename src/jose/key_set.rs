//! Several keys, and the choice of the key for a token.

use super::{Algorithm, JoseError, Jws, Key};
use crate::error::{ConfigError, ConfigErrorKind};

/// The keys that tokens may be signed with, chosen by `kid` and algorithm.
///
/// - A token with a `kid` is checked with the key of that id. Without such a key it is refused: no
///   other key replaces it.
/// - A token without a `kid` is checked with the only key of its algorithm; where several different
///   keys have that algorithm, it is refused.
/// - A set of a single key *without an id* (`KeySet::from(key)`) accepts tokens with any `kid`: there
///   is nothing to choose, and many issuers of HS256 tokens set one.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{Algorithm, JoseError, Jws, Key, KeySet};
///
/// let keys = KeySet::new([
///     Key::hmac(Algorithm::HS256, "the old secret, of 32 bytes ……")?.with_id("old"),
///     Key::hmac(Algorithm::HS256, "the new secret, of 32 bytes ……")?.with_id("new"),
/// ])?;
/// // {"alg":"HS256","kid":"new"}
/// let jws = Jws::parse("eyJhbGciOiJIUzI1NiIsImtpZCI6Im5ldyJ9.e30.AA")?;
/// assert_eq!(keys.key_for(&jws)?.id(), Some("new"));
/// // {"alg":"HS256"}
/// let jws = Jws::parse("eyJhbGciOiJIUzI1NiJ9.e30.AA")?;
/// assert_eq!(keys.key_for(&jws).unwrap_err(), JoseError::KidMissing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    /// Whether `kid` is ignored: the set is one key without an id, given by code.
    ignores_kid: bool,
}

impl KeySet {
    /// A set of keys given by code.
    ///
    /// # Errors
    ///
    /// There is no key; two keys have the same id and algorithm; or there are several keys and one has
    /// no id, so that a token could not name it.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, ConfigError> {
        let keys: Vec<Key> = keys.into_iter().collect();
        if keys.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "there is no key to check tokens with: give at least one",
            ));
        }
        if keys.len() > 1 && keys.iter().any(|key| key.id().is_none()) {
            return Err(ConfigError::new(
                ConfigErrorKind::Conflict,
                "one of several keys has no id, so that no token can name it: give each its `kid` \
                 with `Key::with_id`",
            ));
        }
        for (at, key) in keys.iter().enumerate() {
            let twin = |other: &Key| other.id() == key.id() && other.algorithm() == key.algorithm();
            if keys.iter().skip(at + 1).any(twin) {
                return Err(ConfigError::new(
                    ConfigErrorKind::Duplicate,
                    format!(
                        "two {} keys have the same id: give each its own with `Key::with_id`",
                        key.algorithm()
                    ),
                ));
            }
        }
        let ignores_kid = keys.iter().all(|key| key.id().is_none());
        Ok(Self { keys, ignores_kid })
    }

    /// The keys of a JWK Set: at most one for each id and algorithm.
    pub(crate) fn published(keys: Vec<Key>) -> Self {
        Self {
            keys,
            ignores_kid: false,
        }
    }

    /// The key that must check the token.
    ///
    /// # Errors
    ///
    /// [`JoseError::KidUnknown`], [`JoseError::KidMissing`] and [`JoseError::AlgMismatch`].
    pub fn key_for(&self, jws: &Jws<'_>) -> Result<&Key, JoseError> {
        self.select(jws.algorithm(), jws.key_id())
    }

    /// The keys, in the order they were given.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    fn select(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<&Key, JoseError> {
        let kid = kid.filter(|_| !self.ignores_kid);
        let mut named = self
            .keys
            .iter()
            .filter(|key| kid.is_none() || key.id() == kid)
            .peekable();
        if kid.is_some() && named.peek().is_none() {
            return Err(JoseError::KidUnknown);
        }
        let mut fitting = named.filter(|key| key.algorithm() == algorithm);
        let key = fitting.next().ok_or(JoseError::AlgMismatch)?;
        // One key under two ids is still one.
        match fitting.all(|other| other.is_same_key(key)) {
            true => Ok(key),
            false => Err(JoseError::KidMissing),
        }
    }

    /// The only key for an algorithm, where it has no id.
    pub(super) fn only_nameless(&self, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm() == algorithm);
        let only = fitting.next().filter(|key| key.id().is_none());
        only.filter(|_| fitting.next().is_none())
    }
}

impl From<Key> for KeySet {
    fn from(key: Key) -> Self {
        Self {
            ignores_kid: key.id().is_none(),
            keys: vec![key],
        }
    }
}
