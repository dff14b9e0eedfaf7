//! The uses of keys: limits are counted here, credits are taken at the store at once; times are recorded by requests, written
//! in batches, awaited by no request.

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    KeyDigest, KeyId, KeyStore, KeyStoreError, KeyUse, Spend, Timestamp, limits::KeyLimits,
};
use crate::{clock::Clock, ended::End, polling::ask};

pub(super) struct Uses {
    store: Arc<dyn KeyStore>,
    /// The uses that are to be written.
    noted: Mutex<Vec<KeyUse>>,
    is_flushing: AtomicBool,
    pub(super) limits: KeyLimits,
    /// What knows when a key ends, once it is there.
    ends: OnceLock<Weak<dyn EndsKeys>>,
}

/// Tells when a key ends.
pub(super) trait EndsKeys: Send + Sync {
    /// The end of a key that was accepted.
    fn end_of(&self, digest: &KeyDigest) -> Arc<End>;

    /// Whether a key that was accepted has ended; `None` where this process does not know the key.
    fn has_ended(&self, digest: &KeyDigest) -> Option<bool>;
}

impl Uses {
    pub(super) fn new(store: Arc<dyn KeyStore>, clock: Clock) -> Self {
        Self {
            store,
            noted: Mutex::default(),
            is_flushing: AtomicBool::new(false),
            limits: KeyLimits::new(clock),
            ends: OnceLock::new(),
        }
    }

    /// Sets what knows when a key ends, once.
    pub(super) fn set_ends(&self, ends: Weak<dyn EndsKeys>) {
        self.ends.get_or_init(|| ends);
    }

    /// The end of a key; `None` where nobody can tell.
    pub(super) fn end_of(&self, digest: &KeyDigest) -> Option<Arc<End>> {
        let ends = self.ends.get()?.upgrade()?;
        Some(ends.end_of(digest))
    }

    pub(super) fn has_ended(&self, digest: &KeyDigest) -> Option<bool> {
        let ends = self.ends.get().and_then(Weak::upgrade);
        ends.map_or(Some(true), |ends| ends.has_ended(digest))
    }

    pub(super) fn store_address(&self) -> usize {
        Arc::as_ptr(&self.store).addr()
    }

    /// Takes one credit.
    pub(super) async fn spend(&self, account: KeyId) -> Result<Spend, KeyStoreError> {
        let spent = ask(SPEND_LIMIT, || self.store.spend(account)).await?;
        Ok(spent.value)
    }

    pub(super) fn note(&self, key: KeyId, at: Timestamp) {
        let mut noted = self.noted();
        if noted.len() < MOST_USES {
            noted.push(KeyUse { key, at });
        }
    }

    /// Writes the uses in a task of its own, for which no request waits.
    pub(super) fn flush(self: &Arc<Self>) {
        let mut noted = self.noted();
        if noted.is_empty() || self.is_flushing.swap(true, Ordering::AcqRel) {
            return;
        }
        let batches = Batches {
            left: mem::take(&mut *noted),
            uses: Arc::downgrade(self),
        };
        tokio::spawn(batches.write(Arc::clone(&self.store)));
    }

    /// Keeps uses that were not written for the next batch.
    fn note_again(&self, batch: &[KeyUse]) {
        let mut noted = self.noted();
        let room = MOST_USES.saturating_sub(noted.len());
        noted.extend(batch.iter().take(room).cloned());
    }

    fn noted(&self) -> MutexGuard<'_, Vec<KeyUse>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uses that are being written. They keep no replica alive, only the store.
struct Batches {
    left: Vec<KeyUse>,
    uses: Weak<Uses>,
}

impl Batches {
    async fn write(mut self, store: Arc<dyn KeyStore>) {
        while !self.left.is_empty() && self.uses.strong_count() > 0 {
            let batch = self.left.iter().take(BATCH).cloned().collect();
            if ask(TOUCH_LIMIT, || store.touch(batch)).await.is_err() {
                return;
            }
            self.left.drain(..BATCH.min(self.left.len()));
        }
    }
}

impl Drop for Batches {
    /// The runtime may end before the task does.
    fn drop(&mut self) {
        if let Some(uses) = self.uses.upgrade() {
            uses.note_again(&self.left);
            uses.is_flushing.store(false, Ordering::Release);
        }
    }
}

/// The number of uses in one batch.
const BATCH: usize = 1_000;
/// The maximum number of uses that are kept while they cannot be written.
const MOST_USES: usize = 1 << 20;
/// The time limit of the store for a batch of uses.
const TOUCH_LIMIT: Duration = Duration::from_secs(2);
/// The time limit of the store for a credit.
const SPEND_LIMIT: Duration = Duration::from_secs(2);
