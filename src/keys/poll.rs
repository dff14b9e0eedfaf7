//! Reading the feed of a store.

use std::time::Duration;

use tokio::task::yield_now;

use super::{
    Epoch, KeyChange, KeyChanges, KeyStoreError, Revision, Timestamp,
    ask::ask,
    progress::{During, Position, position_after},
    replica::{Answered, Replica},
    slot::{Claim, Room},
    table::Table,
};

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
            Err(_) if self.clock().since(&begun) > PAGE_LIMIT * 2 => self.read(turn).await,
            polled => polled,
        };
        if self.progress().turn != turn {
            return false;
        }
        let has_jumped = match polled {
            Ok(answered) => self.answered(answered),
            Err(error) => {
                self.failed(&error);
                false
            }
        };
        self.ended(number);
        self.settle_poll(has_jumped).await;
        true
    }

    async fn read(&self, turn: u64) -> Result<Answered, KeyStoreError> {
        loop {
            let at = self.progress().at;
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(turn, after).await?;
            // The store has another history, or one that ends before the known revision.
            let continues =
                at.is_some_and(|at| at.epoch == page.epoch && page.latest >= at.revision);
            if !continues {
                return self.reload(turn).await;
            }
            let position = position_after(&page, after)?;
            let room = Room {
                now: answered.store_now,
                up_to: after,
                claim: Claim::Reported,
            };
            for changes in page.changes.chunks(AT_ONCE) {
                self.take_all(turn, changes, page.epoch, room)?;
                self.settle_changed().await;
                yield_now().await;
            }
            let mut progress = self.progress();
            require_turn(progress.turn, turn)?;
            // A change by this process may have shown meanwhile that everything has to be read.
            if progress.at.is_some() {
                progress.at = Some(position);
            }
            if page.is_complete {
                return Ok(answered);
            }
        }
    }

    /// Takes over a part of a page, while no change by this process passes.
    fn take_all(
        &self,
        turn: u64,
        changes: &[KeyChange],
        epoch: Epoch,
        room: Room,
    ) -> Result<(), KeyStoreError> {
        let mut progress = self.progress();
        require_turn(progress.turn, turn)?;
        progress.alive = Some(self.clock().tick());
        let table = self.table();
        for change in changes {
            self.take(&table, change, room);
        }
        // What of this page follows is later.
        if progress.at.is_some()
            && let Some(last) = changes.last()
        {
            let revision = last.revision();
            progress.at = Some(Position { epoch, revision });
        }
        Ok(())
    }

    /// Reads everything into a second table, and then replaces the first one.
    async fn reload(&self, turn: u64) -> Result<Answered, KeyStoreError> {
        {
            let mut progress = self.progress();
            require_turn(progress.turn, turn)?;
            progress.during = Some(During {
                turn,
                changes: Vec::new(),
            });
            progress.history.0 += 1;
            // Revisions of another history say nothing about this one.
            progress.at = None;
            self.lookups().disturb_all();
        }
        let _end = Reloading {
            replica: self,
            turn,
        };
        let fresh = self.new_table();
        let mut at: Option<Position> = None;
        loop {
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(turn, after).await?;
            if at.is_some_and(|at| at.epoch != page.epoch || page.latest < at.revision) {
                return Err(KeyStoreError::unavailable(
                    "the store's epoch changed meanwhile",
                ));
            }
            let position = position_after(&page, after)?;
            let room = Room {
                now: answered.store_now,
                up_to: position.revision,
                claim: Claim::Reported,
            };
            for changes in page.changes.chunks(AT_ONCE) {
                for change in changes {
                    self.take(&fresh, change, room);
                }
                self.is_alive(turn);
                yield_now().await;
            }
            at = Some(position);
            if page.is_complete {
                let mut progress = self.progress();
                require_turn(progress.turn, turn)?;
                progress.at = Some(position);
                let during = progress.during.take().map(|during| during.changes);
                for local in during.unwrap_or_default() {
                    let is_later = local.change.revision() > position.revision;
                    if is_later && local.is_certain {
                        let claim = Claim::Changed;
                        self.apply(&fresh, &local.change, Room { claim, ..room });
                    } else if is_later
                        && let Some(now) = local.ended
                        && fresh.end(&local.change.digest(), now)
                    {
                        // Whether this history has that change is known after another reading.
                        progress.at = None;
                    }
                }
                self.replace_table(fresh);
                return Ok(answered);
            }
        }
    }

    async fn page(
        &self,
        turn: u64,
        after: Revision,
    ) -> Result<(Answered, KeyChanges), KeyStoreError> {
        let begun = self.clock().tick();
        self.is_alive(turn);
        let page = ask(PAGE_LIMIT, || self.store.changes(after, PAGE)).await;
        self.is_alive(turn);
        let page = page?;
        let answered = Answered {
            begun,
            epoch: page.value.epoch,
            store_now: page.now,
            not_before: Timestamp::default(),
        };
        Ok((answered, page.value))
    }

    fn is_alive(&self, turn: u64) {
        let mut progress = self.progress();
        if progress.turn == turn {
            progress.alive = Some(self.clock().tick());
        }
    }

    /// Takes over what the feed tells. A key that an earlier page brought may be deleted by a later
    /// one, so a deletion counts while everything is read anew too.
    fn take(&self, table: &Table, change: &KeyChange, room: Room) {
        self.apply(table, change, room);
        if let KeyChange::Deleted { digest, revision } = change {
            table.forget(digest, *revision);
        }
    }
}

fn require_turn(now: u64, turn: u64) -> Result<(), KeyStoreError> {
    match now == turn {
        true => Ok(()),
        false => Err(KeyStoreError::unavailable("another task polls")),
    }
}

/// Ends a reload, complete or not.
struct Reloading<'a> {
    replica: &'a Replica,
    turn: u64,
}

impl Drop for Reloading<'_> {
    fn drop(&mut self) {
        let mut progress = self.replica.progress();
        // A task that has taken over may be reading everything: the changes meanwhile are for it.
        progress.during.take_if(|during| during.turn == self.turn);
    }
}

/// The time limit of the store for a page of its feed.
const PAGE_LIMIT: Duration = Duration::from_secs(2);
/// The number of changes in one page.
const PAGE: usize = 1_000;
/// The number of changes after which others have their turn: requests, and changes by this process.
const AT_ONCE: usize = 100;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arc_swap::ArcSwap;

    use super::*;
    use crate::keys::{KeyFormat, MemoryKeyStore, settings::Settings};

    fn replica() -> Replica {
        let settings = Settings::new(KeyFormat::new("sk").unwrap(), Arc::new([]));
        let current = Arc::new(ArcSwap::from_pointee(settings.clone()));
        let store = Arc::new(MemoryKeyStore::new().unwrap());
        Replica::new(store, settings, current)
    }

    /// Another task, of turn 2, has taken over and reads everything.
    fn taken_over() -> Replica {
        let replica = replica();
        let mut progress = replica.progress();
        progress.turn = 2;
        progress.during = Some(During {
            turn: 2,
            changes: Vec::new(),
        });
        drop(progress);
        replica
    }

    #[tokio::test]
    async fn a_task_that_was_taken_over_begins_no_reading_of_everything() {
        let replica = taken_over();
        let before = replica.history();
        assert!(replica.reload(1).await.is_err());
        assert!(replica.history() == before);
        assert!(replica.progress().during.is_some());
    }

    #[test]
    fn a_task_that_was_taken_over_drops_no_changes_noted_for_another() {
        let replica = taken_over();
        for (turn, stays) in [(1, true), (2, false)] {
            let reloading = Reloading {
                replica: &replica,
                turn,
            };
            drop(reloading);
            assert_eq!(replica.progress().during.is_some(), stays);
        }
    }
}
