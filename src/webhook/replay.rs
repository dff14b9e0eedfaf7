//! Each delivery once: handled deliveries, and deliveries in progress.

use std::{fmt, sync::Arc, time::SystemTime};

use sha2::{Digest, Sha256};

use crate::{answer::Answer, error::AuthError, hex};

/// Remembers deliveries, so that each is handled once.
///
/// A delivery is reserved when it arrives. It is kept when the handler succeeded, and released when
/// the handler failed (any other status than 2xx or 3xx, a panic, a client that went away), so that
/// the platform's next attempt is handled.
///
/// [`MemoryReplayStore`](super::MemoryReplayStore) comes with the crate. Several servers behind one
/// address need a shared store, which must follow these rules:
///
/// - Of two calls of `reserve` with one key, whatever the threads or machines, only one may answer
///   [`Reserved::New`].
/// - A delivery that failed is released, and its key is new again.
/// - A reservation that is neither kept nor released belongs to a server that died: it counts as
///   failed after a time that is longer than any run of your handler.
/// - A future of `reserve` that is dropped before it answered must leave nothing reserved.
/// - A kept key is known for 24 hours. The store needs a bound on its memory: an attacker with a
///   recorded delivery can send it under many unsigned ids, each of which is reserved and released
///   again.
///
/// # Example
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::SystemTime};
/// use tower_auth::{
///     AuthError,
///     answer::Answer,
///     webhook::{ReplayKey, ReplayStore, Reserved},
/// };
///
/// #[derive(Default)]
/// struct Seen(Mutex<HashMap<ReplayKey, bool>>);
///
/// impl ReplayStore for Seen {
///     fn reserve(&self, key: &ReplayKey, _: SystemTime) -> Answer<Result<Reserved, AuthError>> {
///         let mut seen = self.0.lock().unwrap();
///         let reserved = match seen.get(key) {
///             None => Reserved::New,
///             Some(false) => Reserved::InProgress,
///             Some(true) => Reserved::Handled,
///         };
///         seen.entry(*key).or_insert(false);
///         Ok(reserved).into()
///     }
///
///     fn keep(&self, key: &ReplayKey) {
///         self.0.lock().unwrap().insert(*key, true);
///     }
///
///     fn release(&self, key: &ReplayKey) {
///         self.0.lock().unwrap().remove(key);
///     }
/// }
/// ```
pub trait ReplayStore: Send + Sync + 'static {
    /// Reserves a delivery that arrived at that time, unless it is known already.
    ///
    /// If the store cannot tell, it answers with an error ([`AuthError::unavailable`]): the delivery
    /// is then refused with 503, never handled.
    fn reserve(&self, key: &ReplayKey, at: SystemTime) -> Answer<Result<Reserved, AuthError>>;

    /// Notes that a reserved delivery was handled.
    ///
    /// It must not block: a store that talks over a network hands this to a task.
    fn keep(&self, key: &ReplayKey);

    /// Releases a reserved delivery, as if it had never arrived. It must not block either.
    fn release(&self, key: &ReplayKey);
}

impl<R: ReplayStore + ?Sized> ReplayStore for Arc<R> {
    fn reserve(&self, key: &ReplayKey, at: SystemTime) -> Answer<Result<Reserved, AuthError>> {
        (**self).reserve(key, at)
    }

    fn keep(&self, key: &ReplayKey) {
        (**self).keep(key);
    }

    fn release(&self, key: &ReplayKey) {
        (**self).release(key);
    }
}

/// The state of a delivery in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It has not been seen, and is reserved now.
    New,
    /// It is being handled at the moment.
    InProgress,
    /// It has been handled.
    Handled,
}

/// The key that a store remembers: a digest of signed bytes, of the scheme, and of the layer's user id.
///
/// Where only an unsigned header tells genuine deliveries with equal bodies apart (GitHub, Shopify,
/// Twilio), one delivery has several keys: one that includes that header, and one of a few numbered
/// places for those bytes. They are reserved, kept and released together. Where one signature fits
/// several forms (Twilio), two more keys record the form that came first: they are kept at once, even
/// if the delivery fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    pub(super) fn new<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // With its length, so that two different lists of parts never have equal bytes.
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ReplayKey {
    /// The digest in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayKey({self})")
    }
}
