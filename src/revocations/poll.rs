//! Reading the feed of a store.

use std::{collections::HashMap, pin::pin, time::Duration};

use tokio::{task::yield_now, time::timeout};

use super::{
    RevocationStoreError, RevocationStoreFuture,
    replica::{Position, Replica},
};
use crate::{
    caught::{Caught, caught},
    clock::Tick,
    keys::{AsOf, Revision, RevocationChanges, RevocationEntry, Timestamp},
    log::TARGET,
};

/// The start of a poll that was answered, and the store's time then.
struct Answered {
    begun: Tick,
    store_now: Timestamp,
}

impl Replica {
    /// Reads the changes, once. Answers whether the task of this turn is to go on: another one may
    /// have taken over.
    pub(super) async fn poll(&self, turn: u64) -> bool {
        let number = {
            let mut progress = self.progress();
            progress.polls += 1;
            progress.polls
        };
        let begun = self.clock().tick();
        let polled = match self.read(turn).await {
            // The process may have been stopped meanwhile, so that the limit passed while nobody
            // could answer: what is known may be old, so it is asked once more.
            Err(_) if self.clock().since(&begun) > LIMIT * 2 => self.read(turn).await,
            polled => polled,
        };
        if self.progress().turn != turn {
            return false;
        }
        match polled {
            Ok(answered) => self.answered(answered.begun, answered.store_now),
            Err(error) => self.failed(&error),
        }
        self.ended(number);
        self.tell_watchers().await;
        true
    }

    async fn read(&self, turn: u64) -> Result<Answered, RevocationStoreError> {
        match self.read_on(turn).await {
            // The marker is gone. A process that has a complete list writes it back, and one that has
            // none knows nothing.
            Err(RevocationStoreError::Lost) if self.is_read() => {
                self.write_back(turn, self.table.all()).await?;
                self.read_on(turn).await
            }
            read => read,
        }
    }

    /// Reads from where the table stands.
    async fn read_on(&self, turn: u64) -> Result<Answered, RevocationStoreError> {
        let mut at = self.progress().at;
        loop {
            let Some(from) = at else {
                return self.read_all(turn).await;
            };
            let (answered, page) = self.page(turn, from.revision).await?;
            // The store has another history, or one that ends before the known revision.
            if from.epoch != page.epoch || page.latest < from.revision {
                return self.read_all(turn).await;
            }
            let position = self.take_page(turn, &page, from.revision).await?;
            self.stand_at(turn, position)?;
            if page.is_complete {
                return Ok(answered);
            }
            at = Some(position);
        }
    }

    /// Reads everything, and then writes back what this process knows and the store has lost. Nothing
    /// that is known is dropped.
    async fn read_all(&self, turn: u64) -> Result<Answered, RevocationStoreError> {
        {
            let mut progress = self.progress();
            require_turn(progress.turn, turn)?;
            // Revisions of another history say nothing about this one, also if this reading fails.
            progress.at = None;
        }
        let held = self.table.all();
        let mut missing: HashMap<[u8; 32], RevocationEntry> =
            held.into_iter().map(|entry| (entry.id(), entry)).collect();
        let mut at: Option<Position> = None;
        loop {
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(turn, after).await?;
            if at.is_some_and(|at| at.epoch != page.epoch || page.latest < at.revision) {
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
                missing.retain(|_, entry| !entry.is_over(answered.store_now));
                self.write_back(turn, missing.into_values().collect())
                    .await?;
                self.stand_at(turn, position)?;
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
        if !self.is_read() {
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
        let limit = LIMIT.saturating_mul(pages.saturating_add(1));
        let mut restored = pin!(ask(limit, || self.store.restore(lost)));
        loop {
            self.is_alive(turn);
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
        let epoch = page.epoch;
        let revision = match page.changes.last() {
            _ if page.is_complete => page.latest,
            Some(last) if last.revision > after => last.revision,
            _ => {
                return Err(RevocationStoreError::unavailable(
                    "the store's feed does not go on",
                ));
            }
        };
        for changes in page.changes.chunks(AT_ONCE) {
            self.take(changes.iter().map(|stored| stored.entry));
            self.is_alive(turn);
            yield_now().await;
        }
        Ok(Position { epoch, revision })
    }

    fn stand_at(&self, turn: u64, position: Position) -> Result<(), RevocationStoreError> {
        let mut progress = self.progress();
        require_turn(progress.turn, turn)?;
        progress.at = Some(position);
        Ok(())
    }

    async fn page(
        &self,
        turn: u64,
        after: Revision,
    ) -> Result<(Answered, RevocationChanges), RevocationStoreError> {
        let begun = self.clock().tick();
        self.is_alive(turn);
        let page = ask(LIMIT, || self.store.changes(after, PAGE)).await;
        self.is_alive(turn);
        let AsOf { now, value } = page?;
        let store_now = now;
        Ok((Answered { begun, store_now }, value))
    }

    fn is_alive(&self, turn: u64) {
        let mut progress = self.progress();
        if progress.turn == turn {
            progress.alive = Some(self.clock().tick());
        }
    }
}

fn require_turn(now: u64, turn: u64) -> Result<(), RevocationStoreError> {
    match now == turn {
        true => Ok(()),
        false => Err(RevocationStoreError::unavailable("another task polls")),
    }
}

/// The answer of a store, which may hang or panic, within a time limit.
pub(super) async fn ask<T>(
    limit: Duration,
    question: impl FnOnce() -> RevocationStoreFuture<T>,
) -> Result<T, RevocationStoreError> {
    let panicked = || RevocationStoreError::unavailable("the store of revocations panicked");
    let future = caught(question).ok_or_else(panicked)?;
    match timeout(limit, Caught::new(future)).await {
        Ok(answer) => answer.ok_or_else(panicked)?,
        Err(_) => Err(RevocationStoreError::unavailable(
            "the store of revocations did not answer in time",
        )),
    }
}

/// The time limit of the store for one step.
const LIMIT: Duration = Duration::from_secs(2);
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);
/// The number of entries in one page.
const PAGE: usize = 1_000;
/// The number of entries after which others have their turn.
const AT_ONCE: usize = 100;
