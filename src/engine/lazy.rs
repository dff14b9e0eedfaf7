//! Something that is opened when it is first asked.

use std::{error::Error, sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};

use crate::{
    answer::BoxFuture,
    caught::{Caught, caught},
};

/// Opens something when it is first asked, and again after a failure: until it is open, every answer is
/// the reason why it is not.
///
/// A task of its own opens it, once for all who ask: a request that is given up ends no attempt.
pub(crate) struct Lazy<T: ?Sized, E>(Arc<Shared<T, E>>);

struct Shared<T: ?Sized, E> {
    open: Box<Open<T, E>>,
    /// As messages name it.
    what: &'static str,
    /// An error of what occurred.
    away: fn(Box<dyn Error + Send + Sync>) -> E,
    state: watch::Sender<State<T, E>>,
}

type Open<T, E> = dyn Fn() -> BoxFuture<Result<Arc<T>, E>> + Send + Sync;

enum State<T: ?Sized, E> {
    Closed,
    Opening { since: Instant },
    Failed { at: Instant, why: E },
    Open(Arc<T>),
}

impl<T, E> Lazy<T, E>
where
    T: Send + Sync + ?Sized + 'static,
    E: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(
        what: &'static str,
        away: fn(Box<dyn Error + Send + Sync>) -> E,
        open: impl Fn() -> BoxFuture<Result<Arc<T>, E>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Shared {
            open: Box::new(open),
            what,
            away,
            state: watch::Sender::new(State::Closed),
        }))
    }

    /// Opens it, unless it is open.
    pub(crate) async fn opened(&self) -> Result<Arc<T>, E> {
        let shared = &self.0;
        let mut state = shared.state.subscribe();
        shared.start()?;
        let settled = state.wait_for(|state| !matches!(state, State::Opening { .. }));
        match timeout(OPEN_LIMIT, settled).await {
            Ok(Ok(state)) => match &*state {
                State::Open(opened) => Ok(Arc::clone(opened)),
                State::Failed { why, .. } => Err(why.clone()),
                State::Closed | State::Opening { .. } => Err(shared.given_up()),
            },
            _ => Err(shared.given_up()),
        }
    }

    /// It, where it is open.
    pub(crate) fn now(&self) -> Option<Arc<T>> {
        match &*self.0.state.borrow() {
            State::Open(opened) => Some(Arc::clone(opened)),
            _ => None,
        }
    }

    /// Waits for it to be open, and opens nothing.
    pub(crate) async fn once_open(&self) -> Option<Arc<T>> {
        let mut state = self.0.state.subscribe();
        let open = state.wait_for(|state| matches!(state, State::Open(_)));
        match open.await.as_deref() {
            Ok(State::Open(opened)) => Some(Arc::clone(opened)),
            _ => None,
        }
    }
}

impl<T, E> Shared<T, E>
where
    T: Send + Sync + ?Sized + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// Starts a task that opens it, unless it is open, one runs, or one has just failed.
    fn start(self: &Arc<Self>) -> Result<(), E> {
        let runtime = Handle::try_current().map_err(|error| (self.away)(error.into()))?;
        let now = Instant::now();
        let starts = self.state.send_if_modified(|state| {
            let starts = match state {
                State::Closed => true,
                State::Open(_) => false,
                State::Failed { at, .. } => now.duration_since(*at) >= BETWEEN_ATTEMPTS,
                // Its runtime is not driven any more.
                State::Opening { since } => now.duration_since(*since) > OPEN_LIMIT * 2,
            };
            if starts {
                *state = State::Opening { since: now };
            }
            starts
        });
        if starts {
            let attempt = Attempt(Arc::clone(self));
            runtime.spawn(async move {
                attempt.end(match attempt.0.open().await {
                    Ok(opened) => State::Open(opened),
                    Err(why) => State::Failed {
                        at: Instant::now(),
                        why,
                    },
                });
            });
        }
        Ok(())
    }

    /// Opens it; what opens it may hang or panic.
    async fn open(&self) -> Result<Arc<T>, E> {
        let panicked = || self.failed("panicked");
        let future = caught(|| (self.open)()).ok_or_else(panicked)?;
        match timeout(OPEN_LIMIT, Caught::new(future)).await {
            Ok(answer) => answer.ok_or_else(panicked)?,
            Err(_) => Err(self.failed("did not answer in time")),
        }
    }

    fn given_up(&self) -> E {
        self.failed("could not be opened in time")
    }

    fn failed(&self, how: &str) -> E {
        (self.away)(format!("the {} {how}", self.what).into())
    }
}

/// An attempt to open. Where its runtime ends before it does, another one may begin.
struct Attempt<T: ?Sized, E>(Arc<Shared<T, E>>);

impl<T: ?Sized, E> Attempt<T, E> {
    fn end(&self, ended: State<T, E>) {
        self.0.state.send_if_modified(|state| {
            let is_running = matches!(state, State::Opening { .. });
            if is_running {
                *state = ended;
            }
            is_running
        });
    }
}

impl<T: ?Sized, E> Drop for Attempt<T, E> {
    fn drop(&mut self) {
        self.end(State::Closed);
    }
}

impl<T: ?Sized, E> Clone for Lazy<T, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The time limit of an attempt. It is above those of the engines, whose words say more.
const OPEN_LIMIT: Duration = Duration::from_secs(15);
/// The pause after a failed attempt: whoever asks would try again, with a wrong password too.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);
