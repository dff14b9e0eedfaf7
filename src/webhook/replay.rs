//! Each delivery once: what has been handled, and what is being handled at the moment.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::SystemTime};

use sha2::{Digest, Sha256};

use super::{read, verify::Once};
use crate::AuthError;

/// Remembers deliveries, so that each is handled once.
///
/// A delivery is reserved when it arrives. It is kept when the handler succeeded, and released
/// when it did not (any other status than 2xx or 3xx, a panic, a client that went away), so that
/// the platform's next attempt is handled.
///
/// [`MemoryReplayStore`](super::MemoryReplayStore) is the one that comes with the crate. Several
/// servers behind one address need a store that they share; it is written like this one. Of two
/// calls of `reserve` with one key, whatever the threads or machines, only one may answer
/// [`Reserved::New`].
///
/// # Example
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::SystemTime};
/// use tower_auth::webhook::{ReplayKey, ReplayStore, Reserved, Reserving};
///
/// #[derive(Default)]
/// struct Seen(Mutex<HashMap<ReplayKey, bool>>);
///
/// impl ReplayStore for Seen {
///     fn reserve(&self, key: &ReplayKey, _: SystemTime) -> Reserving {
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
    /// Where the store cannot tell, it answers with an error
    /// ([`AuthError::unavailable`]): the delivery is then refused with 503, never handled.
    fn reserve(&self, key: &ReplayKey, at: SystemTime) -> Reserving;

    /// Notes that a reserved delivery was handled.
    ///
    /// It must not block: a store that talks over a network hands this to a task.
    fn keep(&self, key: &ReplayKey);

    /// Gives a reserved delivery back, as if it had never arrived. It must not block either.
    fn release(&self, key: &ReplayKey);
}

impl<R: ReplayStore + ?Sized> ReplayStore for Arc<R> {
    fn reserve(&self, key: &ReplayKey, at: SystemTime) -> Reserving {
        (**self).reserve(key, at)
    }

    fn keep(&self, key: &ReplayKey) {
        (**self).keep(key);
    }

    fn release(&self, key: &ReplayKey) {
        (**self).release(key);
    }
}

/// What a store knows about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It has not been seen, and is reserved now.
    New,
    /// It is being handled at the moment.
    InProgress,
    /// It has been handled.
    Handled,
}

/// A store's answer: ready at once, or pending.
pub enum Reserving {
    /// Answered at once.
    Ready(Result<Reserved, AuthError>),
    /// Has to wait; the future owns what it needs.
    Pending(Pin<Box<dyn Future<Output = Result<Reserved, AuthError>> + Send>>),
}

impl Reserving {
    /// An answer that has to wait.
    pub fn pending(
        future: impl Future<Output = Result<Reserved, AuthError>> + Send + 'static,
    ) -> Self {
        Self::Pending(Box::pin(future))
    }
}

impl From<Result<Reserved, AuthError>> for Reserving {
    fn from(result: Result<Reserved, AuthError>) -> Self {
        Self::Ready(result)
    }
}

impl fmt::Debug for Reserving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(result) => f.debug_tuple("Ready").field(result).finish(),
            Self::Pending(_) => f.write_str("Pending(…)"),
        }
    }
}

/// The name of a delivery: a digest of signed bytes, of the scheme, and of the layer's user id.
///
/// Nothing unsigned is in it: a delivery header could be changed on a copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayKey([u8; 32]);

impl ReplayKey {
    pub(super) fn new<'a>(
        layer: [&str; 2],
        once: Once<'a>,
        body: &'a [u8],
        signed: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let mut digest = Sha256::new();
        let mut add = |bytes: &[u8]| {
            // With its length, so that no two lists of parts run together.
            digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(bytes);
        };
        layer.iter().for_each(|name| add(name.as_bytes()));
        match once {
            Once::Body => {
                add(b"body");
                add(body);
            }
            Once::Id(id) => {
                add(b"id");
                add(id.as_bytes());
            }
            Once::Signed => {
                add(b"signed");
                signed.into_iter().for_each(add);
            }
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
        f.write_str(&read::to_hex(&self.0))
    }
}

impl fmt::Debug for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayKey({self})")
    }
}

/// A delivery that is being handled: released when dropped, unless it was kept.
pub(super) struct Reservation {
    store: Arc<dyn ReplayStore>,
    key: ReplayKey,
    is_kept: bool,
}

impl Reservation {
    pub(super) fn new(store: Arc<dyn ReplayStore>, key: ReplayKey) -> Self {
        Self {
            store,
            key,
            is_kept: false,
        }
    }

    pub(super) fn keep(mut self) {
        self.is_kept = true;
        self.store.keep(&self.key);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_kept {
            self.store.release(&self.key);
        }
    }
}
