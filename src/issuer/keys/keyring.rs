//! What requests see of an issuer's keys.

mod places;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::AbortHandle,
    time::Instant,
};

use super::{
    plan::{Pace, Plan, Ticket},
    report::{self, Summary},
    shortage::Shortage,
    source::{Fetched, Source},
    task,
    withdrawn::Withdrawn,
};
use crate::{clock::Clock, issuer::fetch::FetchError, jose::JwkSet, shares::Shares};

/// One issuer's keys: a snapshot for requests, and a task that keeps it fresh.
///
/// Making one does nothing; the task begins when keys are first needed and ends with the ring.
pub(crate) struct Keyring {
    source: Arc<Source>,
    pace: Pace,
    clock: Clock,
    snapshot: ArcSwapOption<Snapshot>,
    /// When the next fetch is due, so that requests can tell without a lock; `u64::MAX` while it
    /// is being taken care of.
    due: AtomicU64,
    state: Mutex<State>,
    /// Wakes the task.
    bell: Arc<Notify>,
    /// The number of the last fetch that ended.
    ended: watch::Sender<u64>,
    /// A place for each request that waits: whoever waits holds a copy of its token.
    places: Arc<Shares>,
}

/// Keys as they were fetched once.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) set: JwkSet,
    /// Changes when the keys do, and only then.
    pub(crate) generation: u64,
    fingerprint: [u8; 32],
    withdrawn: Withdrawn,
    /// Which fetch brought them.
    fetch: u64,
    fetched_at: u64,
}

#[derive(Default)]
struct State {
    plan: Plan,
    task: Option<AbortHandle>,
    fault: Option<Arc<FetchError>>,
    said_stale: bool,
    unknown: Summary,
}

/// What can be done about a key id that the keys lack.
pub(crate) enum Missing {
    /// A set that was fetched after the token had come lacks it: there is no such key.
    Unknown,
    /// The issuer had it in the last day and has it no longer.
    Withdrawn,
    /// A fetch may bring it.
    Wait(Ticket),
}

impl Keyring {
    pub(crate) fn new(source: Source, pace: Pace, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::new(source),
            pace,
            clock,
            snapshot: ArcSwapOption::empty(),
            due: AtomicU64::new(u64::MAX),
            state: Mutex::default(),
            bell: Arc::new(Notify::new()),
            ended: watch::Sender::new(0),
            places: Arc::new(Shares::new(places::MOST)),
        })
    }

    /// The keys of this moment, for [`usable`](Self::usable) to look at.
    pub(crate) fn load(&self) -> Guard<Option<Arc<Snapshot>>> {
        self.snapshot.load()
    }

    /// The keys, unless there are none or they are too old to be used.
    ///
    /// It never waits: where a fetch is due, it begins beside the caller.
    pub(crate) fn usable<'s>(
        self: &Arc<Self>,
        loaded: &'s Guard<Option<Arc<Snapshot>>>,
        now: u64,
    ) -> Option<&'s Snapshot> {
        let snapshot = loaded.as_deref()?;
        if now >= self.due.load(Ordering::Relaxed) {
            self.refresh();
        }
        (now < self.stale_at(snapshot)).then_some(snapshot)
    }

    /// A fetch to wait for where no keys are usable.
    pub(crate) fn want_keys(self: &Arc<Self>, now: u64) -> Result<Ticket, Shortage> {
        let mut state = self.state();
        let ticket = state
            .plan
            .want_keys(now)
            .map_err(|seconds| Shortage::NoKeys {
                seconds,
                fault: state.fault.clone(),
            });
        if ticket.is_ok() {
            self.wake(&mut state)?;
        }
        let stale = self.turned_stale(&mut state, now);
        drop(state);
        self.report_stale(stale);
        ticket
    }

    /// What to do about a token whose key id the keys lack.
    ///
    /// `waited` is the fetch that was waited for already, if one was: a key that is not in a set
    /// fetched after the token had come does not exist, and then there is nothing to wait for.
    pub(crate) fn want_key(
        self: &Arc<Self>,
        kid: &str,
        seen: &Snapshot,
        waited: Option<Ticket>,
        now: u64,
    ) -> Result<Missing, Shortage> {
        let mut state = self.state();
        if seen.withdrawn.holds(kid, now) {
            // Nodes of an issuer may lag behind each other, so the key may come back: the fetch
            // that a missing key is worth begins, and nobody waits for it.
            if state.plan.want_key(seen.fetch, &self.pace, now).is_ok() {
                let _without_a_runtime_nobody_fetches = self.wake(&mut state);
            }
            return Ok(Missing::Withdrawn);
        }
        if let Some(ticket) = waited.filter(|ticket| ticket.is_proof) {
            if seen.fetch >= ticket.number {
                return Ok(Missing::Unknown);
            }
            if state.plan.ended() >= ticket.number {
                let seconds = state.plan.cooling(&self.pace, now).max(1);
                let fault = state.fault.clone();
                return Err(Shortage::NoKeys { seconds, fault });
            }
        }
        match state.plan.want_key(seen.fetch, &self.pace, now) {
            Ok(ticket) => {
                self.wake(&mut state)?;
                Ok(Missing::Wait(ticket))
            }
            Err(seconds) => {
                let told = state.unknown.add(now);
                drop(state);
                report::unknown(&self.source.issuer, told, kid);
                Err(Shortage::UnknownKey { seconds })
            }
        }
    }

    /// Waits until a fetch has ended, whatever it brought, at most until the deadline.
    pub(crate) async fn wait(&self, ticket: Ticket, deadline: Instant) -> Result<(), Shortage> {
        let mut ended = self.ended.subscribe();
        let waiting = ended.wait_for(|ended| *ended >= ticket.number);
        match tokio::time::timeout_at(deadline, waiting).await {
            // The sender lives as long as the ring.
            Ok(_) => Ok(()),
            Err(_) => Err(Shortage::Slow),
        }
    }

    /// Fetches the keys now, unless there are some.
    pub(crate) async fn warm_up(self: &Arc<Self>) -> Result<(), Shortage> {
        if self.usable(&self.load(), self.clock.now()).is_some() {
            return Ok(());
        }
        let ticket = {
            let mut state = self.state();
            let ticket = state.plan.want();
            self.wake(&mut state)?;
            ticket
        };
        self.wait(ticket, Instant::now() + LONGEST_FETCH).await?;
        let now = self.clock.now();
        if self.usable(&self.load(), now).is_some() {
            return Ok(());
        }
        let state = self.state();
        Err(Shortage::NoKeys {
            seconds: state.plan.due().saturating_sub(now).max(1),
            fault: state.fault.clone(),
        })
    }

    /// When a request that begins to wait now gives up.
    pub(crate) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.pace.wait_limit)
            .unwrap_or(now + LONGEST_FETCH)
    }

    /// Has the task look at the time.
    fn refresh(self: &Arc<Self>) {
        // One request does this; the others see that it is being taken care of.
        if self.due.swap(u64::MAX, Ordering::Relaxed) != u64::MAX {
            let mut state = self.state();
            if self.wake(&mut state).is_err() {
                // Without a runtime nobody can fetch: the keys serve on, and the next may have one.
                self.due.store(state.plan.due(), Ordering::Relaxed);
            }
        }
    }

    /// Rings for the task, and starts one where there is none: at first, and where the runtime of
    /// the last one has ended.
    fn wake(self: &Arc<Self>, state: &mut State) -> Result<(), Shortage> {
        if state.task.as_ref().is_none_or(AbortHandle::is_finished) {
            let runtime = Handle::try_current().map_err(|_| Shortage::NoRuntime)?;
            let task = task::keep(Arc::downgrade(self), Arc::clone(&self.bell));
            state.task = Some(runtime.spawn(task).abort_handle());
        }
        self.bell.notify_one();
        Ok(())
    }

    /// For the task: what there is to fetch now, or how long there is nothing.
    pub(super) fn begin(&self) -> Result<Arc<Source>, Duration> {
        let now = self.clock.now();
        let mut state = self.state();
        let stale = self.turned_stale(&mut state, now);
        let begun = state.plan.begin(now).is_some();
        let due = if begun { u64::MAX } else { state.plan.due() };
        self.due.store(due, Ordering::Relaxed);
        drop(state);
        self.report_stale(stale);
        if begun {
            return Ok(Arc::clone(&self.source));
        }
        let rest = Duration::from_secs(due.saturating_sub(now).max(1));
        // The clock may be set, and a machine may sleep: both show within a minute.
        Err(rest.min(LONGEST_REST))
    }

    /// For the task: what came of it.
    pub(super) fn end(&self, result: Result<Fetched, FetchError>) {
        match result {
            Ok(fetched) => self.end_with_keys(fetched),
            Err(error) => self.end_with_fault(error),
        }
    }

    fn end_with_keys(&self, fetched: Fetched) {
        let before = self.snapshot.load_full();
        let before = before.as_deref();
        let generation = match before {
            None => 1,
            Some(before) if before.fingerprint == fetched.fingerprint => before.generation,
            Some(before) => before.generation + 1,
        };
        let mut state = self.state();
        state.plan.succeed(fetched.max_age, &self.pace);
        state.fault = None;
        state.said_stale = false;
        let fetched_at = state.plan.begun_at();
        let after = Arc::new(Snapshot {
            withdrawn: before.map_or_else(Withdrawn::default, |before| {
                before
                    .withdrawn
                    .after(&before.set, &fetched.set, fetched_at)
            }),
            set: fetched.set,
            generation,
            fingerprint: fetched.fingerprint,
            fetch: state.plan.ended(),
            fetched_at,
        });
        // Before those who wait are told.
        self.snapshot.store(Some(Arc::clone(&after)));
        self.settle(&state);
        drop(state);
        if before.is_none_or(|before| before.generation != generation) {
            report::fetched(&self.source.issuer, before.map(|one| &one.set), &after.set);
        }
    }

    fn end_with_fault(&self, error: FetchError) {
        let now = self.clock.now();
        let loaded = self.load();
        let left = loaded
            .as_deref()
            .map_or(0, |kept| self.stale_at(kept).saturating_sub(now));
        let error = Arc::new(error);
        let mut state = self.state();
        state.plan.fail(left > 0, now);
        state.fault = Some(Arc::clone(&error));
        let retry_in = state.plan.due().saturating_sub(now);
        self.settle(&state);
        drop(state);
        report::failed(&self.source.issuer, &error, left, retry_in);
    }

    /// For the task: the fetch will not come to an end.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.plan.abandon(self.clock.now());
        self.settle(&state);
    }

    fn settle(&self, state: &State) {
        self.due.store(state.plan.due(), Ordering::Relaxed);
        self.ended.send_replace(state.plan.ended());
    }

    fn stale_at(&self, snapshot: &Snapshot) -> u64 {
        snapshot.fetched_at.saturating_add(self.pace.stale_ttl)
    }

    /// Whether the keys have grown too old since this was last asked.
    fn turned_stale(&self, state: &mut State, now: u64) -> bool {
        let stale = self
            .load()
            .as_deref()
            .is_some_and(|snapshot| now >= self.stale_at(snapshot));
        stale && !std::mem::replace(&mut state.said_stale, stale)
    }

    fn report_stale(&self, stale: bool) {
        if stale {
            report::stale(&self.source.issuer, self.pace.stale_ttl);
        }
    }

    /// The lock is held for a few instructions, never across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in there can be left half-changed by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        if let Some(task) = self.state().task.take() {
            task.abort();
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot.load();
        let keys = snapshot
            .as_deref()
            .map_or(0, |snapshot| snapshot.set.keys().count());
        f.debug_struct("Keyring")
            .field("issuer", &self.source.issuer)
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

/// Three exchanges, each within its own limit.
const LONGEST_FETCH: Duration = Duration::from_secs(31);
const LONGEST_REST: Duration = Duration::from_secs(60);
