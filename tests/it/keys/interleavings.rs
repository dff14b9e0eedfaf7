//! Every order in which the steps of a poll, a look-up, a change here, a change elsewhere and a restored
//! backup may come [12.4].
//!
//! Each order runs from the start over the real replica; the store carries out and answers each call
//! when the order says so. The model keeps only what was promised to whom.

use std::{collections::BTreeSet, time::Duration};

use http::Request;
use tokio::task::JoinHandle;
use tower_auth::{
    AuthRequest,
    answer::Answer,
    keys::{KeyDigest, KeyId, KeyLookup, KeyRequest, KeyStore, ManagedKeys, MemoryKeyStore},
    provider::AuthProvider,
    testing::ManualClock,
};

use super::scripted::{Kind, Scripted, settle};

/// A step of one of the parties. Steps of a party come in the order of their number of occurrences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A poll begins, or its page is read, or that answer comes: whatever is next.
    Poll,
    /// The key is ended here: it is asked for, carried out, answered.
    EndHere,
    EndElsewhere,
    /// A request shows the key and it is looked up: asked for, read, answered.
    LookUp,
    /// Another history begins, in which the key is live, with fewer changes or with more.
    Restore,
}
use Step::{EndElsewhere, EndHere, LookUp, Poll, Restore};

/// The parties of a scenario, and what the store has.
#[derive(Clone, Copy)]
struct Scenario {
    steps: &'static [(Step, usize)],
    is_deletion: bool,
    /// Whether the process keeps one key, which is another one at first.
    is_bounded: bool,
    backup_changes: usize,
}

const TEXT: &str = "sk_legacy";
const OTHER: &str = "sk_other";

struct World {
    scenario: Scenario,
    store: Scripted,
    keys: ManagedKeys,
    ending: Option<JoinHandle<bool>>,
    has_begun: bool,
    request: Option<JoinHandle<bool>>,
    /// Whether the key has ended here and this was answered, in the history that the store has.
    has_ended_here: bool,
    /// Whether the request was made after that.
    is_late: bool,
}

async fn history(changes: usize) -> MemoryKeyStore {
    let store = MemoryKeyStore::new().unwrap();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let admin = keys.as_operator("ada");
    for text in [TEXT, OTHER] {
        let digest = KeyDigest::of_key(text.as_bytes());
        admin.import(digest, KeyRequest::new("ci")).await.unwrap();
    }
    for number in 0..changes {
        // They have ended, so that they do not count.
        let made = admin.create(KeyRequest::new(format!("{number}"))).await;
        admin
            .delete(made.unwrap().key().record().id())
            .await
            .unwrap();
    }
    store
}

/// The key in the store as it is now.
async fn found(store: &MemoryKeyStore) -> Option<KeyId> {
    let lookup = KeyLookup::Digest(KeyDigest::of_key(TEXT.as_bytes()));
    let key = store.find(lookup).await.unwrap().value?;
    let is_live = key.record().revoked().is_none();
    is_live.then(|| key.record().id().clone())
}

async fn end(keys: &ManagedKeys, id: &KeyId, is_deletion: bool) -> bool {
    let admin = keys.as_operator("ada");
    match is_deletion {
        true => admin.delete(id).await.is_ok(),
        false => admin.revoke(id, "").await.is_ok(),
    }
}

fn request() -> Request<()> {
    let request = Request::get("/").header("x-api-key", TEXT);
    request.body(()).unwrap()
}

impl World {
    async fn new(scenario: Scenario, clock: &ManualClock) -> Self {
        let store = Scripted::new(history(1).await);
        let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
        let keys = keys.with_clock(clock.clock());
        let keys = keys.with_max_known(if scenario.is_bounded { 1 } else { 100 });
        keys.open().await.unwrap();
        store.hold(&[Kind::Changes, Kind::Write, Kind::Find]);
        Self {
            scenario,
            store,
            keys,
            ending: None,
            has_begun: false,
            request: None,
            has_ended_here: false,
            is_late: false,
        }
    }

    /// Whether a request is accepted now, if what the process knows decides that.
    fn accepts_at_once(&self) -> bool {
        let request = request();
        let answer = self.keys.authenticate(&AuthRequest::from(&request));
        matches!(answer, Answer::Ready(Ok(Some(_))))
    }

    async fn poll(&self) {
        if self.store.pending(Kind::Changes).is_none() {
            self.store.hint();
            settle().await;
            // The task waits a little after a hint.
            tokio::time::advance(Duration::from_millis(6)).await;
            settle().await;
        }
        let call = self.store.pending(Kind::Changes);
        call.expect("the task polls").step().await;
    }

    async fn step(&mut self, step: Step) {
        match step {
            Poll => self.poll().await,
            EndHere if !self.has_begun => {
                self.has_begun = true;
                let id = found(&self.store.history()).await;
                let id = id.unwrap_or_else(|| KeyId::new("gone"));
                let (keys, is_deletion) = (self.keys.clone(), self.scenario.is_deletion);
                let ending = async move { end(&keys, &id, is_deletion).await };
                self.ending = Some(tokio::spawn(ending));
                settle().await;
            }
            EndHere => {
                if let Some(call) = self.store.pending(Kind::Write) {
                    call.step().await;
                }
            }
            EndElsewhere => {
                let history = self.store.history();
                if let Some(id) = found(&history).await {
                    let elsewhere = ManagedKeys::new(history, "sk").unwrap();
                    assert!(end(&elsewhere, &id, self.scenario.is_deletion).await);
                }
            }
            LookUp if self.request.is_none() => {
                self.is_late = self.has_ended_here;
                let keys = self.keys.clone();
                self.request = Some(tokio::spawn(async move {
                    let request = request();
                    let answer = keys.authenticate(&AuthRequest::from(&request));
                    matches!(answer.await, Ok(Some(_)))
                }));
                settle().await;
            }
            LookUp => {
                if let Some(call) = self.store.pending(Kind::Find) {
                    call.step().await;
                }
            }
            Restore => {
                let backup = history(self.scenario.backup_changes).await;
                self.store.restore(backup);
                self.has_ended_here = false;
            }
        }
        self.note_end().await;
    }

    /// Notes that the ending was answered, where the store still says so.
    async fn note_end(&mut self) {
        if let Some(ending) = self.ending.take_if(|ending| ending.is_finished()) {
            let has_ended = ending.await.unwrap();
            self.has_ended_here = has_ended && found(&self.store.history()).await.is_none();
        }
    }

    /// Everything that is under way comes to its end, and the process polls.
    async fn finish(&mut self, order: &[Step]) {
        self.store.hold(&[Kind::Changes]);
        for _ in 0..40 {
            for kind in [Kind::Write, Kind::Find, Kind::Changes] {
                if let Some(call) = self.store.pending(kind) {
                    call.step().await;
                }
            }
            self.note_end().await;
            if [Kind::Write, Kind::Find, Kind::Changes]
                .iter()
                .all(|kind| self.store.pending(*kind).is_none())
            {
                break;
            }
        }
        self.check(order);
        // Twice: a poll may show that everything has to be read again.
        for _ in 0..2 {
            self.poll().await;
            while let Some(call) = self.store.pending(Kind::Changes) {
                call.step().await;
            }
            self.note_end().await;
            self.check(order);
        }
        let is_live = found(&self.store.history()).await.is_some();
        let request = request();
        let answer = self.keys.authenticate(&AuthRequest::from(&request)).await;
        let is_accepted = matches!(answer, Ok(Some(_)));
        assert_eq!(is_accepted, is_live, "at the end of {order:?}: {answer:?}");
        if let Some(request) = self.request.take() {
            let was_accepted = request.await.unwrap();
            assert!(!(was_accepted && self.is_late), "a late request: {order:?}");
        }
        assert!(self.ending.is_none(), "it was answered: {order:?}");
    }

    fn check(&self, order: &[Step]) {
        assert!(
            !(self.has_ended_here && self.accepts_at_once()),
            "accepted after it was ended here: {order:?}"
        );
    }
}

/// All orders of the steps.
fn orders(steps: &[(Step, usize)]) -> BTreeSet<Vec<Step>> {
    let mut orders = BTreeSet::from([Vec::new()]);
    for _ in 0..steps.iter().map(|(_, count)| count).sum() {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<Step>| {
                let may_come = |(step, count): &&(Step, usize)| {
                    order.iter().filter(|other| *other == step).count() < *count
                };
                let next: Vec<_> = steps.iter().filter(may_come).collect();
                next.into_iter()
                    .map(|(step, _)| [&order[..], &[*step]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    orders
}

async fn explore(scenario: Scenario) -> usize {
    let clock = ManualClock::now();
    let orders = orders(scenario.steps);
    for order in &orders {
        let mut world = World::new(scenario, &clock).await;
        for (done, step) in order.iter().enumerate() {
            world.step(*step).await;
            world.check(&order[..=done]);
        }
        world.finish(order).await;
    }
    orders.len()
}

/// Explores a scenario with each way to end the key and each backup.
async fn explore_all(
    steps: &'static [(Step, usize)],
    is_bounded: bool,
    backups: &[usize],
) -> usize {
    let mut count = 0;
    for is_deletion in [false, true] {
        for backup_changes in backups {
            let scenario = Scenario {
                steps,
                is_deletion,
                is_bounded,
                backup_changes: *backup_changes,
            };
            count += explore(scenario).await;
        }
    }
    count
}

#[tokio::test(start_paused = true)]
async fn no_order_of_a_change_here_a_backup_and_a_poll_brings_a_key_back() {
    let steps = &[(EndHere, 3), (Restore, 1), (Poll, 5)];
    assert_eq!(explore_all(steps, false, &[0, 2]).await, 4 * 504);
}

#[tokio::test(start_paused = true)]
async fn no_order_of_changes_here_and_elsewhere_and_a_poll_brings_a_key_back() {
    let steps = &[(EndHere, 3), (EndElsewhere, 1), (Poll, 4)];
    assert_eq!(explore_all(steps, false, &[0]).await, 2 * 280);
}

#[tokio::test(start_paused = true)]
async fn no_order_of_a_look_up_a_change_here_and_a_poll_brings_a_key_back() {
    let steps = &[(LookUp, 3), (EndHere, 3), (Poll, 3)];
    assert_eq!(explore_all(steps, true, &[0]).await, 2 * 1_680);
}

#[tokio::test(start_paused = true)]
async fn no_order_of_a_look_up_a_change_elsewhere_a_backup_and_a_poll_brings_a_key_back() {
    let steps = &[(LookUp, 3), (EndElsewhere, 1), (Restore, 1), (Poll, 4)];
    assert_eq!(explore_all(steps, true, &[2]).await, 2 * 2_520);
}
