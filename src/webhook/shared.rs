//! Deliveries remembered in a state that several servers share.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    runtime::Handle,
    sync::oneshot,
    task::AbortHandle,
    time::{Instant, sleep},
};

use super::replay::{ReplayKey, ReplayStore, Reserved};
use crate::{
    answer::{Answer, BoxFuture},
    caught::{Caught, caught},
    error::AuthError,
    log::{Causes, TARGET},
    shared::{Begun, Once, SharedState, SharedStateError},
};

/// Remembers deliveries in a [`SharedState`], so that of several servers behind one address one handles
/// each delivery, once.
///
/// Clones share their reservations. It runs on Tokio.
///
/// # When the state cannot be asked
///
/// A delivery is refused with 503, and the platform sends it again. One that was handled while the state
/// went away is written down as soon as the state is back. Where that took more than a minute, a copy that
/// comes within the first two seconds may be handled again.
///
/// # When a server dies
///
/// What it was handling is a 409 for the others for a minute at most, and then the platform's next attempt
/// is handled: a server that lives says so every 20 seconds while its handler runs. One that stands still for
/// longer than a minute, as a machine that is suspended, goes on with a delivery that another has taken over.
///
/// # Security
///
/// A delivery is known by the layer's scheme and user id, not by its secret: two services that share a
/// state need a namespace, or a database, each. Else one takes what the other handled for known.
///
/// What the state forgets is handled again where a copy comes: the state has to be one that keeps what it
/// was given, also when its server restarts.
///
/// # Example
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use tower_auth::{
///     shared::{MemorySharedState, SharedState},
///     webhook::{SharedReplayStore, WebhookLayer},
/// };
///
/// // Or the state of a Redis server: crate `tower-auth-redis`.
/// let state: Arc<dyn SharedState> = Arc::new(MemorySharedState::new());
/// let handled = SharedReplayStore::new(state)
///     .with_ttl(Duration::from_secs(48 * 60 * 60))
///     .with_run_limit(Duration::from_secs(120));
/// let layer = WebhookLayer::github("It's a Secret to Everybody")?.with_replay_store(handled);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SharedReplayStore {
    state: Arc<dyn SharedState>,
    reserved: Arc<Mutex<HashMap<ReplayKey, Reservation>>>,
    ttl: Duration,
    run_limit: Duration,
}

/// What this process has reserved, and the runtime that tells the state how it ends: whoever drops a
/// delivery may have none.
struct Reservation {
    once: Once,
    runtime: Option<Handle>,
    _renewing: Option<Renewing>,
}

/// The task that renews a lease; it ends with its reservation.
struct Renewing(AbortHandle);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SharedReplayStore {
    /// Makes a store that remembers each handled delivery for a day.
    pub fn new(state: Arc<dyn SharedState>) -> Self {
        Self {
            state,
            reserved: Arc::default(),
            ttl: TTL,
            run_limit: RUN_LIMIT,
        }
    }

    /// Replaces how long a delivery is remembered: one day unless set, never less than twenty minutes
    /// (with a time window of five minutes each way, a copy is valid for ten).
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.max(SHORTEST_TTL);
        self
    }

    /// Replaces how long a handler may run (10 minutes, never less than a second). After that, the
    /// platform's next attempt is handled at another server. Until then it is a 409, unless the server
    /// died: a platform that gives up earlier needs a shorter time.
    #[must_use]
    pub fn with_run_limit(mut self, limit: Duration) -> Self {
        self.run_limit = limit.max(Duration::from_secs(1));
        self
    }

    fn reserved(&self) -> MutexGuard<'_, HashMap<ReplayKey, Reservation>> {
        // No step leaves it half-changed.
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what the state answered.
    fn settle(&self, key: &ReplayKey, once: Once, answer: Asked<Begun>) -> Asked<Reserved> {
        Ok(match answer? {
            Begun::New => {
                let runtime = Handle::try_current().ok();
                let renewing = runtime.as_ref().filter(|_| self.run_limit > LEASE);
                let renewing = renewing.map(|runtime| {
                    let state = Arc::clone(&self.state);
                    let task = runtime.spawn(renew(state, once, self.run_limit));
                    Renewing(task.abort_handle())
                });
                let reservation = Reservation {
                    once,
                    runtime,
                    _renewing: renewing,
                };
                // This process is still at it, and its lease was over: it has this one now, and ends it.
                match self.reserved().insert(*key, reservation) {
                    Some(_) => Reserved::InProgress,
                    None => Reserved::New,
                }
            }
            Begun::InProgress => Reserved::InProgress,
            Begun::Done => Reserved::Handled,
        })
    }

    /// Asks the state in a task of its own, which goes on where nobody waits any more: only when the
    /// answer is there can the reservation be given up.
    fn ask(
        &self,
        once: Once,
        future: BoxFuture<Asked<Begun>>,
    ) -> Asked<oneshot::Receiver<Untaken>> {
        let runtime = Handle::try_current().map_err(SharedStateError::new)?;
        let (tell, told) = oneshot::channel();
        let state = Arc::clone(&self.state);
        let giver = runtime.clone();
        runtime.spawn(async move {
            let answer = Caught::new(future).await;
            let answer = answer.unwrap_or_else(|| Err(SharedStateError::new(PANICKED)));
            // Where nobody listens, it is dropped here; where somebody stops listening, with the channel.
            let _ = tell.send(Untaken(Some(Attempt {
                state,
                once,
                answer,
                runtime: giver,
            })));
        });
        Ok(told)
    }

    /// Tells the state how a reserved delivery ended, at once or in a task.
    fn end(
        &self,
        key: &ReplayKey,
        tell: impl Fn(&dyn SharedState, &Once) -> Answer<Asked<()>> + Send + 'static,
    ) {
        let Some(Reservation { once, runtime, .. }) = self.reserved().remove(key) else {
            return;
        };
        let state = Arc::clone(&self.state);
        let first = caught(|| tell(&*state, &once));
        if let Some(Answer::Ready(Ok(()))) = first {
            return;
        }
        let Some(runtime) = Handle::try_current().ok().or(runtime) else {
            // Without a runtime nothing that waits can be asked. The lease ends the reservation.
            return;
        };
        let limit = self.run_limit;
        runtime.spawn(async move {
            let began = Instant::now();
            let (mut answer, mut pause) = (first, FIRST_PAUSE);
            loop {
                let told = match answer {
                    Some(Answer::Ready(told)) => Some(told),
                    Some(Answer::Pending(future)) => Caught::new(future).await,
                    None => None,
                };
                let error = match told {
                    Some(Ok(())) => return,
                    Some(Err(error)) => error,
                    None => SharedStateError::new(PANICKED),
                };
                if began.elapsed() + pause >= limit {
                    tracing::error!(
                        target: TARGET, outcome = "not_remembered", error = %Causes(Some(&error)),
                        "the replay store was not told how a delivery ended; a copy of it may be handled again"
                    );
                    return;
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                answer = caught(|| tell(&*state, &once));
            }
        });
    }
}

impl ReplayStore for SharedReplayStore {
    fn reserve(&self, key: &ReplayKey, _: SystemTime) -> Answer<Result<Reserved, AuthError>> {
        let once = Once::new("webhook", key.as_bytes());
        let asked = caught(|| self.state.begin(&once, self.run_limit.min(LEASE)));
        let asked = asked.unwrap_or_else(|| Err(SharedStateError::new(PANICKED)).into());
        match asked {
            Answer::Ready(answer) => self.settle(key, once, answer).map_err(unavailable).into(),
            Answer::Pending(future) => {
                let (this, key) = (self.clone(), *key);
                Answer::pending(async move {
                    let answer = match this.ask(once, future) {
                        Ok(told) => match told.await {
                            Ok(untaken) => untaken.take(),
                            // The runtime ends.
                            Err(gone) => Err(SharedStateError::new(gone)),
                        },
                        Err(error) => Err(error),
                    };
                    this.settle(&key, once, answer).map_err(unavailable)
                })
            }
        }
    }

    fn keep(&self, key: &ReplayKey) {
        let ttl = self.ttl;
        self.end(key, move |state, once| state.finish(once, ttl));
    }

    fn release(&self, key: &ReplayKey) {
        self.end(key, |state, once| state.abandon(once));
    }
}

/// Renews the lease of a delivery while its handler runs, as long as a handler may. A state that is away
/// is asked again: the lease outlasts two questions.
async fn renew(state: Arc<dyn SharedState>, once: Once, run_limit: Duration) {
    let began = Instant::now();
    loop {
        sleep(LEASE / 3).await;
        let left = run_limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            return;
        }
        let renewed = match caught(|| state.renew(&once, left.min(LEASE))) {
            Some(Answer::Ready(renewed)) => Some(renewed),
            Some(Answer::Pending(future)) => Caught::new(future).await,
            None => None,
        };
        if let Some(Ok(false)) = renewed {
            tracing::warn!(
                target: TARGET, outcome = "lease_lost",
                "the replay store could not be told in time that a delivery is being handled; a copy of it \
                 may be handled again"
            );
            return;
        }
    }
}

type Asked<T> = Result<T, SharedStateError>;

/// An answer that nobody has taken. Dropped, it gives up what it may have reserved.
struct Untaken(Option<Attempt>);

struct Attempt {
    state: Arc<dyn SharedState>,
    once: Once,
    answer: Asked<Begun>,
    runtime: Handle,
}

impl Untaken {
    fn take(mut self) -> Asked<Begun> {
        let Some(attempt) = self.0.take() else {
            return Err(SharedStateError::new("nobody answered"));
        };
        let answer = attempt.answer.clone();
        if answer.is_err() {
            // It may be reserved all the same, and the next attempt shall not wait for the lease.
            attempt.abandon();
        }
        answer
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        if let Some(attempt) = self.0.take()
            && matches!(attempt.answer, Ok(Begun::New) | Err(_))
        {
            attempt.abandon();
        }
    }
}

impl Attempt {
    /// Gives it up. Where that fails, its lease ends it.
    fn abandon(self) {
        let asked = caught(|| self.state.abandon(&self.once));
        if let Some(Answer::Pending(future)) = asked {
            self.runtime.spawn(Caught::new(future));
        }
    }
}

fn unavailable(error: SharedStateError) -> AuthError {
    AuthError::unavailable(error).with_reason("replay_store_unavailable")
}

impl fmt::Debug for SharedReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReplayStore")
            .field("ttl", &self.ttl)
            .field("run_limit", &self.run_limit)
            .finish_non_exhaustive()
    }
}

const TTL: Duration = Duration::from_secs(24 * 60 * 60);
const SHORTEST_TTL: Duration = Duration::from_secs(20 * 60);
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);
/// How long a delivery of a server that dies stays reserved.
const LEASE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const PANICKED: &str = "the shared state panicked";
