//! Changes by this process, which hold before the feed reports them.

use super::{
    Applied, KeyChange, Revision, Timestamp,
    place::{History, LocalChange},
    replica::Replica,
    slot::{Claim, Room},
    watched::Lasts,
};

impl Replica {
    /// The history of the store as this process knows it. A change notes it before it is sent to the
    /// store, so that an answer about a history that has ended is recognized.
    pub(super) fn history(&self) -> History {
        self.polling.progress().place.history
    }

    /// Applies a change before the feed reports it. Answers whether that was possible: where another
    /// history may have begun since the change was asked for, the feed decides.
    pub(super) fn changed_here(&self, applied: &Applied, history: History, now: Timestamp) -> bool {
        let puts = applied.puts.iter().map(|key| LocalChange {
            ended: (!key.record().is_live(now)).then_some(now),
            change: KeyChange::Put(Box::new(key.clone())),
            is_certain: true,
        });
        let deleted = applied.deleted.iter().map(|deleted| LocalChange {
            ended: Some(now),
            change: KeyChange::Deleted {
                digest: deleted.digest,
                revision: deleted.revision,
            },
            is_certain: true,
        });
        let mut progress = self.polling.progress();
        let place = &mut progress.place;
        let is_of_this_history = place.history == history;
        let table = self.table();
        for mut local in puts.chain(deleted) {
            // Either the feed has reported this change or a later one, which this one must not undo;
            // or it is of a history that has not been read yet.
            let revision = local.change.revision();
            let is_passed = place.at.is_some_and(|at| revision <= at.revision);
            local.is_certain = is_of_this_history && !is_passed;
            if local.is_certain {
                let room = Room {
                    now,
                    up_to: place.at.map_or(Revision::ZERO, |at| at.revision),
                    claim: Claim::Changed,
                };
                self.apply(&table, &local.change, room);
            } else {
                self.lookups().disturb(&local.change.digest());
            }
            // What has ended here is refused from now on, whatever the revisions say. If the table
            // disagreed, one of the two is of another history, and everything is read again.
            if local.ended.is_some() {
                self.watched.note(&local.change.digest(), Lasts::Over);
            }
            if let Some(now) = local.ended
                && table.end(&local.change.digest(), now)
            {
                place.at = None;
            }
            if let Some(during) = &mut place.during {
                during.changes.push(local);
            }
        }
        drop(progress);
        self.settle_changed_here();
        self.polling.poll_now();
        is_of_this_history
    }
}
