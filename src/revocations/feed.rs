//! Reading the feed of a store.

use std::{collections::HashMap, pin::pin, time::Duration};

use tokio::{task::yield_now, time::timeout};

use super::{RevocationStoreError, replica::Replica};
use crate::{
    keys::{Position, Revision, RevocationChanges, RevocationEntry, Timestamp},
    log::TARGET,
    polling::{AT_ONCE, Answered, PAGE, STEP_LIMIT, ask, page},
};

impl Replica {
    /// Reads the changes, for the task of a turn.
    pub(super) async fn read_changes(
        &self,
        turn: u64,
    ) -> Result<Answered<Timestamp>, RevocationStoreError> {
        match self.read_on(turn).await {
            // The marker is gone. A process that has a complete list writes it back, and one that has
            // none knows nothing.
            Err(RevocationStoreError::Lost) if self.polling.is_read() => {
                self.write_back(turn, self.table.all()).await?;
                self.read_on(turn).await
            }
            read => read,
        }
    }

    /// Reads from where the table stands.
    async fn read_on(&self, turn: u64) -> Result<Answered<Timestamp>, RevocationStoreError> {
        let mut at = self.polling.progress().place;
        loop {
            let Some(from) = at else {
                return self.read_all(turn).await;
            };
            let (answered, page) = self.page(turn, from.revision).await?;
            if !from.is_continued_by(&page) {
                return self.read_all(turn).await;
            }
            let position = self.take_page(turn, &page, from.revision).await?;
            self.polling.progress_of(turn)?.place = Some(position);
            if page.is_complete {
                return Ok(answered);
            }
            at = Some(position);
        }
    }

    /// Reads everything, and then writes back what this process knows and the store has lost. Nothing
    /// that is known is dropped.
    async fn read_all(&self, turn: u64) -> Result<Answered<Timestamp>, RevocationStoreError> {
        // Revisions of another history say nothing about this one, also if this reading fails.
        self.polling.progress_of(turn)?.place = None;
        let held = self.table.all();
        let mut missing: HashMap<[u8; 32], RevocationEntry> =
            held.into_iter().map(|entry| (entry.id(), entry)).collect();
        let mut at: Option<Position> = None;
        loop {
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(turn, after).await?;
            if at.is_some_and(|at| !at.is_continued_by(&page)) {
                return Err(RevocationStoreError::unavailable(
                    "the store's epoch changed meanwhile",
                ));
            }
            for stored in &page.changes {
                let is_there = |held: &RevocationEntry| held.merge(stored.entry) == stored.entry;
                if missing.get(&stored.entry.id()).is_some_and(is_there) {
                    missing.remove(&stored.entry.id());
                }
            }
            let position = self.take_page(turn, &page, after).await?;
            at = Some(position);
            if page.is_complete {
                // What is over is not missing: the store may have forgotten it.
                missing.retain(|_, entry| !entry.is_over(answered.answer));
                self.write_back(turn, missing.into_values().collect())
                    .await?;
                self.polling.progress_of(turn)?.place = Some(position);
                return Ok(answered);
            }
        }
    }

    /// Gives entries to the store that it has lost.
    async fn write_back(
        &self,
        turn: u64,
        lost: Vec<RevocationEntry>,
    ) -> Result<(), RevocationStoreError> {
        if !self.polling.is_read() {
            // Nobody told this process that there was more.
            return Ok(());
        }
        if !lost.is_empty() {
            tracing::warn!(
                target: TARGET,
                entries = lost.len(),
                "the store of revocations has lost some: they are written back",
            );
        }
        // In one call: a marker that stands before the last of them would make a part of the list a whole.
        // It may take long, and whoever looks for a sign of life must find one.
        let pages = u32::try_from(lost.len() / PAGE).unwrap_or(u32::MAX);
        let limit = STEP_LIMIT.saturating_mul(pages.saturating_add(1));
        let mut restored = pin!(ask(limit, || self.store.restore(lost)));
        loop {
            self.polling.is_alive(turn);
            if let Ok(restored) = timeout(SIGN_OF_LIFE, &mut restored).await {
                return restored;
            }
        }
    }

    async fn take_page(
        &self,
        turn: u64,
        page: &RevocationChanges,
        after: Revision,
    ) -> Result<Position, RevocationStoreError> {
        let position = Position::after(page, after)
            .ok_or_else(|| RevocationStoreError::unavailable("the store's feed does not go on"))?;
        for changes in page.changes.chunks(AT_ONCE) {
            self.take(changes.iter().map(|stored| stored.entry));
            self.polling.is_alive(turn);
            yield_now().await;
        }
        Ok(position)
    }

    async fn page(
        &self,
        turn: u64,
        after: Revision,
    ) -> Result<(Answered<Timestamp>, RevocationChanges), RevocationStoreError> {
        let Answered { begun, answer } =
            page(self, turn, || self.store.changes(after, PAGE)).await?;
        let answered = Answered {
            begun,
            answer: answer.now,
        };
        Ok((answered, answer.value))
    }
}

const SIGN_OF_LIFE: Duration = Duration::from_millis(500);
