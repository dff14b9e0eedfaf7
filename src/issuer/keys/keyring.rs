//! An issuer's keys as requests use them.

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
    report::{self, RareReport},
    schedule::{FetchTicket, RefreshSchedule, RefreshSettings},
    source::{FetchedKeys, KeySource},
    task::{self, NextStep, Refresh},
    unavailable::KeysUnavailable,
    withdrawn::WithdrawnIds,
};
use crate::{
    client_limit::ClientLimiter, clock::Clock, issuer::fetch::FetchError, jose::JwkSet, metrics,
};

/// One issuer's keys: a snapshot for requests, and a task that keeps it fresh.
///
/// Making one does no I/O. The task starts when keys are first needed and ends with the keyring.
pub(crate) struct Keyring {
    pub(super) source: Arc<KeySource>,
    pub(super) settings: RefreshSettings,
    clock: Clock,
    snapshot: ArcSwapOption<Snapshot>,
    /// The time of the next fetch, for requests to read without a lock; `u64::MAX` while a fetch runs
    /// or the task is woken.
    due: AtomicU64,
    state: Mutex<RefreshState>,
    /// Wakes the task.
    wake_up: Arc<Notify>,
    /// The number of the last fetch that finished.
    pub(super) finished: watch::Sender<u64>,
    /// A permit for each request that waits: it holds a copy of its token.
    pub(super) waiting: Arc<ClientLimiter>,
}

/// The keys that one fetch brought.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) set: JwkSet,
    /// Changes when the keys do, and only then.
    pub(crate) generation: u64,
    fingerprint: [u8; 32],
    withdrawn: WithdrawnIds,
    /// The number of the fetch.
    fetch: u64,
    fetched_at: u64,
}

/// The part that changes with each fetch, behind a lock.
#[derive(Default)]
pub(super) struct RefreshState {
    pub(super) schedule: RefreshSchedule,
    task: Option<AbortHandle>,
    /// The error of the last fetch, if it brought no keys.
    fault: Option<Arc<FetchError>>,
    /// Whether the log already has a line about stale keys.
    is_stale_reported: bool,
    unknown_keys: RareReport,
}

/// The next step for a key id that the snapshot lacks.
pub(crate) enum MissingKey {
    /// A set that was fetched after the token arrived lacks the key, so the key does not exist.
    Unknown,
    /// The issuer published it in the last day and publishes it no longer.
    Withdrawn,
    /// A fetch may bring it.
    Wait(FetchTicket),
}

impl Keyring {
    pub(crate) fn new(source: KeySource, settings: RefreshSettings, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::new(source),
            settings,
            clock,
            snapshot: ArcSwapOption::empty(),
            due: AtomicU64::new(u64::MAX),
            state: Mutex::default(),
            wake_up: Arc::new(Notify::new()),
            finished: watch::Sender::new(0),
            waiting: Arc::new(ClientLimiter::new(MAX_WAITING)),
        })
    }

    /// The current snapshot, for [`usable`](Self::usable) to judge.
    pub(crate) fn load(&self) -> Guard<Option<Arc<Snapshot>>> {
        self.snapshot.load()
    }

    /// The snapshot; `None` where there is none or it is too old.
    ///
    /// It never waits: where a fetch is due, the task fetches in the background.
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
    pub(crate) fn request_keys(self: &Arc<Self>, now: u64) -> Result<FetchTicket, KeysUnavailable> {
        let mut state = self.state();
        let ticket = state.schedule.request_keys(now).map_err(|retry_seconds| {
            let fault = state.fault.clone();
            KeysUnavailable::NoKeys {
                retry_seconds,
                fault,
            }
        });
        if ticket.is_ok() {
            self.wake_task(&mut state)?;
        }
        let is_newly_stale = self.is_newly_stale(&mut state, now);
        drop(state);
        self.report_stale(is_newly_stale);
        ticket
    }

    /// The next step for a token whose key id is not in the snapshot `seen`.
    ///
    /// `waited` is the fetch that the token has waited for, if any: a key does not exist if a set that
    /// was fetched after the token arrived lacks it.
    pub(crate) fn request_key(
        self: &Arc<Self>,
        kid: &str,
        seen: &Snapshot,
        waited: Option<FetchTicket>,
        now: u64,
    ) -> Result<MissingKey, KeysUnavailable> {
        let mut state = self.state();
        let settings = &self.settings;
        if seen.withdrawn.contains(kid, now) {
            // The nodes of an issuer may lag behind each other, so the key may come back: a fetch
            // starts, and no request waits for it.
            if state
                .schedule
                .request_key(seen.fetch, settings, now)
                .is_ok()
            {
                let _without_a_runtime_nobody_fetches = self.wake_task(&mut state);
            }
            return Ok(MissingKey::Withdrawn);
        }
        if let Some(ticket) = waited.filter(|ticket| ticket.is_proof) {
            if seen.fetch >= ticket.number {
                return Ok(MissingKey::Unknown);
            }
            if state.schedule.finished() >= ticket.number {
                return Err(KeysUnavailable::NoKeys {
                    retry_seconds: state.schedule.cool_down_left(settings, now).max(1),
                    fault: state.fault.clone(),
                });
            }
        }
        match state.schedule.request_key(seen.fetch, settings, now) {
            Ok(ticket) => {
                self.wake_task(&mut state)?;
                Ok(MissingKey::Wait(ticket))
            }
            Err(retry_seconds) => {
                let tokens = state.unknown_keys.add(now);
                drop(state);
                report::unknown(&self.source.issuer, tokens, kid);
                Err(KeysUnavailable::UnknownKey { retry_seconds })
            }
        }
    }

    /// Fetches the keys now, unless there are keys already.
    pub(crate) async fn warm_up(self: &Arc<Self>) -> Result<(), KeysUnavailable> {
        if self.usable(&self.load(), self.clock.now()).is_some() {
            return Ok(());
        }
        let ticket = {
            let mut state = self.state();
            let ticket = state.schedule.request();
            self.wake_task(&mut state)?;
            ticket
        };
        self.wait(ticket, Instant::now() + LONGEST_FETCH).await?;
        let now = self.clock.now();
        if self.usable(&self.load(), now).is_some() {
            return Ok(());
        }
        let state = self.state();
        Err(KeysUnavailable::NoKeys {
            retry_seconds: state.schedule.due().saturating_sub(now).max(1),
            fault: state.fault.clone(),
        })
    }

    /// The time at which a request that starts to wait now gives up.
    pub(crate) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.settings.wait_limit)
            .unwrap_or(now + LONGEST_FETCH)
    }

    /// Tells the task that a fetch is due.
    fn refresh(self: &Arc<Self>) {
        // Only the first request does this; the others see `u64::MAX`.
        if self.due.swap(u64::MAX, Ordering::Relaxed) != u64::MAX {
            let mut state = self.state();
            if self.wake_task(&mut state).is_err() {
                // A fetch needs a runtime: without one the keys stay in use, and the next request may
                // have one.
                self.due.store(state.schedule.due(), Ordering::Relaxed);
            }
        }
    }

    /// Wakes the task. Starts one where none runs: at first, and after the runtime of the last task
    /// has ended.
    fn wake_task(self: &Arc<Self>, state: &mut RefreshState) -> Result<(), KeysUnavailable> {
        if state.task.as_ref().is_none_or(AbortHandle::is_finished) {
            let runtime = Handle::try_current().map_err(|_| KeysUnavailable::NoRuntime)?;
            let task = task::run(Arc::downgrade(self), Arc::clone(&self.wake_up));
            state.task = Some(runtime.spawn(task).abort_handle());
        }
        self.wake_up.notify_one();
        Ok(())
    }

    fn finish_with_keys(&self, fetched: FetchedKeys) {
        let before = self.snapshot.load_full();
        let before = before.as_deref();
        let generation = match before {
            None => 1,
            Some(before) if before.fingerprint == fetched.fingerprint => before.generation,
            Some(before) => before.generation + 1,
        };
        let mut state = self.state();
        state.schedule.succeed(fetched.max_age, &self.settings);
        state.fault = None;
        state.is_stale_reported = false;
        let fetched_at = state.schedule.started_at();
        let after = Arc::new(Snapshot {
            withdrawn: before.map_or_else(WithdrawnIds::default, |before| {
                before
                    .withdrawn
                    .after(&before.set, &fetched.set, fetched_at)
            }),
            set: fetched.set,
            generation,
            fingerprint: fetched.fingerprint,
            fetch: state.schedule.finished(),
            fetched_at,
        });
        metrics::key_set_fetched(&self.source.issuer, true);
        // Stored before the waiting requests are woken.
        self.snapshot.store(Some(Arc::clone(&after)));
        self.publish(&state);
        drop(state);
        if before.is_none_or(|before| before.generation != generation) {
            report::fetched(&self.source.issuer, before.map(|one| &one.set), &after.set);
        }
    }

    fn finish_with_fault(&self, error: FetchError) {
        let now = self.clock.now();
        let loaded = self.load();
        let left = loaded
            .as_deref()
            .map_or(0, |kept| self.stale_at(kept).saturating_sub(now));
        let error = Arc::new(error);
        let mut state = self.state();
        state.schedule.fail(left > 0, now);
        state.fault = Some(Arc::clone(&error));
        let retry_in = state.schedule.due().saturating_sub(now);
        self.publish(&state);
        drop(state);
        metrics::key_set_fetched(&self.source.issuer, false);
        report::failed(&self.source.issuer, &error, left, retry_in);
    }

    /// Publishes the time of the next fetch, and wakes the requests that waited for the last one.
    fn publish(&self, state: &RefreshState) {
        self.due.store(state.schedule.due(), Ordering::Relaxed);
        self.finished.send_replace(state.schedule.finished());
    }

    /// The time from which the snapshot is too old to be used.
    pub(super) fn stale_at(&self, snapshot: &Snapshot) -> u64 {
        snapshot.fetched_at.saturating_add(self.settings.stale_ttl)
    }

    /// Whether the keys are too old and the log has no line about that yet.
    fn is_newly_stale(&self, state: &mut RefreshState, now: u64) -> bool {
        let is_stale = self
            .load()
            .as_deref()
            .is_some_and(|snapshot| now >= self.stale_at(snapshot));
        is_stale && !std::mem::replace(&mut state.is_stale_reported, is_stale)
    }

    fn report_stale(&self, is_newly_stale: bool) {
        if is_newly_stale {
            report::stale(&self.source.issuer, self.settings.stale_ttl);
        }
    }

    /// The lock is held for a few instructions, never across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, RefreshState> {
        // A panic leaves the state consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refresh for Keyring {
    fn next_step(&self) -> NextStep {
        let now = self.clock.now();
        let mut state = self.state();
        let is_newly_stale = self.is_newly_stale(&mut state, now);
        let started = state.schedule.start(now).is_some();
        let due = match started {
            true => u64::MAX,
            false => state.schedule.due(),
        };
        self.due.store(due, Ordering::Relaxed);
        drop(state);
        self.report_stale(is_newly_stale);
        if started {
            return NextStep::Fetch(Arc::clone(&self.source));
        }
        let sleep = Duration::from_secs(due.saturating_sub(now).max(1));
        // The clock may be set, and the machine may sleep: the task sees both within a minute.
        NextStep::Sleep(sleep.min(LONGEST_SLEEP))
    }

    fn finish(&self, result: Result<FetchedKeys, FetchError>) {
        match result {
            Ok(fetched) => self.finish_with_keys(fetched),
            Err(error) => self.finish_with_fault(error),
        }
    }

    fn abandon(&self) {
        let mut state = self.state();
        state.schedule.abandon(self.clock.now());
        self.publish(&state);
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
pub(super) const LONGEST_FETCH: Duration = Duration::from_secs(31);
/// The maximum number of waiting requests. With a token of 8 KiB each they hold 8 MiB.
const MAX_WAITING: usize = 1024;
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
