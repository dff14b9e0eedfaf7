//! Revocations in the memory of a store.

use std::collections::{BTreeMap, HashMap};

use super::{KeyStoreError, Revision, RevocationEntry, RevocationPut, StoredRevocation, Timestamp};

/// The revocations of a store in memory, with their feed.
#[derive(Default)]
pub(crate) struct RevocationShelf {
    kept: HashMap<[u8; 32], StoredRevocation>,
    feed: BTreeMap<Revision, [u8; 32]>,
}

impl RevocationShelf {
    /// Settles what is to be kept, and keeps nothing yet.
    pub(crate) fn settle(
        &mut self,
        puts: &mut [RevocationPut],
        now: Timestamp,
    ) -> Result<(), KeyStoreError> {
        self.forget(now);
        for put in puts {
            let kept = self.kept.get(&put.entry.id()).map(|kept| kept.entry);
            put.entry = put.settle(kept, self.kept.len())?;
        }
        Ok(())
    }

    pub(crate) fn keep(&mut self, puts: &[RevocationPut]) {
        for &RevocationPut {
            entry, revision, ..
        } in puts
        {
            let stored = StoredRevocation { entry, revision };
            if let Some(old) = self.kept.insert(entry.id(), stored) {
                self.feed.remove(&old.revision);
            }
            self.feed.insert(revision, entry.id());
        }
    }

    /// The entries under some ids, as far as they are there.
    pub(crate) fn under(&self, ids: &[[u8; 32]]) -> Vec<RevocationEntry> {
        let kept = ids.iter().filter_map(|id| self.kept.get(id));
        kept.map(|stored| stored.entry).collect()
    }

    /// The entries after a revision, at most `limit`, and whether there are no more.
    pub(crate) fn after(&self, after: Revision, limit: usize) -> (Vec<StoredRevocation>, bool) {
        let ids = self.feed.range(after.next()..).map(|(_, id)| id);
        let mut entries = ids.filter_map(|id| self.kept.get(id).copied());
        (
            entries.by_ref().take(limit).collect(),
            entries.next().is_none(),
        )
    }

    fn forget(&mut self, now: Timestamp) {
        let over: Vec<_> = self
            .kept
            .values()
            .filter(|stored| stored.entry.is_over(now))
            .map(|stored| (stored.entry.id(), stored.revision))
            .collect();
        for (id, revision) in over {
            self.kept.remove(&id);
            self.feed.remove(&revision);
        }
    }
}
