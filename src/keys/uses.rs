//! The uses of keys: recorded by requests, written in batches, awaited by no request.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    KeyId, KeyUse, Timestamp,
    ask::ask,
    replica::{PAGE_LIMIT, Replica},
};

/// The uses that are to be written.
#[derive(Default)]
pub(super) struct Uses {
    noted: Mutex<Vec<KeyUse>>,
    is_flushing: AtomicBool,
}

impl Replica {
    pub(super) fn note_use(&self, key: KeyId, at: Timestamp) {
        let mut uses = self
            .uses
            .noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if uses.len() < MOST_USES {
            uses.push(KeyUse { key, at });
        }
    }

    /// Writes the uses in a task of its own, for which no request waits.
    pub(super) fn flush_uses(self: &Arc<Self>) {
        let mut uses = self
            .uses
            .noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if uses.is_empty() || self.uses.is_flushing.swap(true, Ordering::AcqRel) {
            return;
        }
        let uses = mem::take(&mut *uses);
        let replica = Arc::clone(self);
        tokio::spawn(async move {
            let mut left = uses.chunks(BATCH);
            while let Some(batch) = left.next() {
                let touched = ask(PAGE_LIMIT, || replica.store.touch(batch.to_vec())).await;
                if touched.is_err() {
                    // They are written with the next batch.
                    replica.noted_again(batch);
                    left.by_ref().for_each(|batch| replica.noted_again(batch));
                }
            }
            replica.uses.is_flushing.store(false, Ordering::Release);
        });
    }

    fn noted_again(&self, batch: &[KeyUse]) {
        let mut uses = self
            .uses
            .noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let room = MOST_USES.saturating_sub(uses.len());
        uses.extend(batch.iter().take(room).cloned());
    }
}

/// The number of uses in one batch.
const BATCH: usize = 1_000;
/// The maximum number of uses that are kept while they cannot be written.
const MOST_USES: usize = 1 << 20;
