//! Reading the feed of a store.

use tokio::task::yield_now;

use super::{
    Epoch, KeyChange, KeyChanges, KeyStoreError, Revision, Timestamp,
    place::{During, Position},
    replica::{Replica, Told},
    slot::{Claim, Room},
    table::Table,
};
use crate::polling::{AT_ONCE, Answered, PAGE, page};

impl Replica {
    /// Reads the changes, for the task of a turn.
    pub(super) async fn read_changes(&self, turn: u64) -> Result<Answered<Told>, KeyStoreError> {
        loop {
            let at = self.polling.progress().place.at;
            let after = at.map_or(Revision::ZERO, |at| at.revision);
            let (answered, page) = self.page(turn, after).await?;
            if !at.is_some_and(|at| at.is_continued_by(&page)) {
                return self.reload(turn).await;
            }
            let position = position_after(&page, after)?;
            let room = Room {
                now: answered.answer.store_now,
                up_to: after,
                claim: Claim::Reported,
            };
            for changes in page.changes.chunks(AT_ONCE) {
                self.take_all(turn, changes, page.epoch, room)?;
                self.settle_changed().await;
                yield_now().await;
            }
            let place = &mut self.polling.progress_of(turn)?.place;
            // A change by this process may have shown meanwhile that everything has to be read.
            if place.at.is_some() {
                place.at = Some(position);
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
        self.polling.is_alive(turn);
        let place = &mut self.polling.progress_of(turn)?.place;
        let table = self.table();
        for change in changes {
            self.take(&table, change, room);
        }
        // What of this page follows is later.
        if place.at.is_some()
            && let Some(last) = changes.last()
        {
            let revision = last.revision();
            place.at = Some(Position { epoch, revision });
        }
        Ok(())
    }

    /// Reads everything into a second table, and then replaces the first one.
    async fn reload(&self, turn: u64) -> Result<Answered<Told>, KeyStoreError> {
        {
            let place = &mut self.polling.progress_of(turn)?.place;
            place.during = Some(During {
                turn,
                changes: Vec::new(),
            });
            place.history.0 += 1;
            // Revisions of another history say nothing about this one.
            place.at = None;
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
            if at.is_some_and(|at| !at.is_continued_by(&page)) {
                return Err(KeyStoreError::unavailable(
                    "the store's epoch changed meanwhile",
                ));
            }
            let position = position_after(&page, after)?;
            let room = Room {
                now: answered.answer.store_now,
                up_to: position.revision,
                claim: Claim::Reported,
            };
            for changes in page.changes.chunks(AT_ONCE) {
                for change in changes {
                    self.take(&fresh, change, room);
                }
                self.polling.is_alive(turn);
                yield_now().await;
            }
            at = Some(position);
            if page.is_complete {
                let place = &mut self.polling.progress_of(turn)?.place;
                place.at = Some(position);
                let during = place.during.take().map(|during| during.changes);
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
                        place.at = None;
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
    ) -> Result<(Answered<Told>, KeyChanges), KeyStoreError> {
        let Answered { begun, answer } =
            page(self, turn, || self.store.changes(after, PAGE)).await?;
        let told = Told {
            epoch: answer.value.epoch,
            store_now: answer.now,
            not_before: Timestamp::default(),
        };
        let answered = Answered {
            begun,
            answer: told,
        };
        Ok((answered, answer.value))
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

fn position_after(page: &KeyChanges, after: Revision) -> Result<Position, KeyStoreError> {
    Position::after(page, after)
        .ok_or_else(|| KeyStoreError::unavailable("the store's feed does not go on"))
}

/// Ends a reload, complete or not.
struct Reloading<'a> {
    replica: &'a Replica,
    turn: u64,
}

impl Drop for Reloading<'_> {
    fn drop(&mut self) {
        let place = &mut self.replica.polling.progress().place;
        // A task that has taken over may be reading everything: the changes meanwhile are for it.
        place.during.take_if(|during| during.turn == self.turn);
    }
}

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
        let mut progress = replica.polling.progress();
        progress.begin_turn(replica.clock().tick());
        let turn = progress.begin_turn(replica.clock().tick());
        progress.place.during = Some(During {
            turn,
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
        assert!(replica.polling.progress().place.during.is_some());
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
            assert_eq!(replica.polling.progress().place.during.is_some(), stays);
        }
    }
}
