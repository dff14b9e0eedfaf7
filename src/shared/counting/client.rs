//! A shared state as limits ask it.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::runtime::Handle;

use super::{
    asking::{Limited, Question, ask, timer},
    background::{Background, Errand},
    circuit::Circuit,
    report::{Failure, Report},
};
use crate::{
    quota::Quota,
    shared::{Admission, Count, SharedState},
};

/// A [`SharedState`] for limits, so that several processes count together.
///
/// A request asks the state once for the limits of each layer around it, and a credential that is not
/// known yet asks once more; each question waits at most 5 milliseconds. This process counts beside it: what its own counts refuse asks nobody, and while the state cannot be asked they go
/// on, so that callers have at most as many times a limit as there are processes, and never no limit.
/// After three failures in a row, or where more questions fail than are answered, no request waits any
/// more; the state is asked in the background five
/// times a second, and limits are shared again as soon as it answers in time. The log says once a minute
/// that it is away.
///
/// Clones are one: give all limits of a program clones of one value.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{
///     shared::{MemorySharedState, SharedCounts},
///     throttle::{Attempts, Limit, Requests},
/// };
///
/// let shared = SharedCounts::new(Arc::new(MemorySharedState::new())); // yours is a server
/// let attempts = Attempts::new("30 per minute".parse()?).with_shared(shared.clone());
/// let requests = Requests::new([Limit::by_caller("60 per minute".parse()?)])?
///     .with_shared(shared.clone());
/// # let _ = (attempts, requests);
///
/// // For a metrics endpoint:
/// assert_eq!((shared.answered(), shared.failed(), shared.counted_alone()), (0, 0, 0));
/// assert!(!shared.is_away());
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SharedCounts(Arc<Shared>);

struct Shared {
    state: Arc<dyn SharedState>,
    circuit: Circuit,
    background: Background,
    report: Report,
}

impl SharedCounts {
    /// Counts in that state.
    pub fn new(state: Arc<dyn SharedState>) -> Self {
        Self(Arc::new(Shared {
            state,
            circuit: Circuit::default(),
            background: Background::default(),
            report: Report::default(),
        }))
    }

    /// Whether the state is away: no request asks it, and this process counts alone.
    pub fn is_away(&self) -> bool {
        self.0.circuit.is_open()
    }

    /// The requests that the state has answered about.
    pub fn answered(&self) -> u64 {
        self.read(|report| &report.answered)
    }

    /// The questions of every kind that the state has not answered in time, those in the background
    /// included.
    pub fn failed(&self) -> u64 {
        self.read(|report| &report.failed)
    }

    /// The requests that this process has counted alone, because the state could not be asked.
    pub fn counted_alone(&self) -> u64 {
        self.read(|report| &report.counted_alone)
    }

    fn read(&self, counter: impl FnOnce(&Report) -> &AtomicU64) -> u64 {
        counter(&self.0.report).load(Ordering::Relaxed)
    }

    /// Takes units for a request, from all of these counts or from none; `None` where nobody could be
    /// asked.
    pub(crate) fn admit(&self, counts: &[Count]) -> Asked {
        let shared = &self.0;
        if shared.circuit.is_open() {
            shared.report.counted_alone();
            // Its task may have ended with its runtime.
            shared.watch();
            return Asked::Answered(None);
        }
        match ask(TIME_LIMIT, || shared.state.admit(counts)) {
            Question::Answered(answer) => Asked::Answered(shared.settle(answer)),
            Question::Waiting(limited) => Asked::Waiting(Asking {
                shared: Arc::clone(shared),
                limited,
            }),
        }
    }

    /// Takes one unit of each, where it is there; nobody waits for it.
    pub(crate) fn take_if_there(&self, counts: &[Count]) {
        self.0.run(Errand::Take, counts);
    }

    /// Takes units after the fact; nobody waits for it.
    pub(crate) fn charge(&self, counts: &[Count]) {
        self.0.run(Errand::Charge, counts);
    }

    /// Gives units back; nobody waits for it.
    pub(crate) fn give_back(&self, counts: &[Count]) {
        self.0.run(Errand::GiveBack, counts);
    }
}

/// The answer about a request, or the wait for it.
pub(crate) enum Asked {
    /// `None` where nobody could be asked.
    Answered(Option<Admission>),
    Waiting(Asking),
}

/// A wait for the answer about a request.
pub(crate) struct Asking {
    shared: Arc<Shared>,
    limited: Limited<Admission>,
}

impl Asking {
    /// Waits in the background, and gives back what is taken: the request has gone away, or has been
    /// counted without this answer.
    pub(crate) fn give_up(self, counts: &[Count]) {
        let Self { shared, limited } = self;
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let Some(limited) = limited.within(BACKGROUND_LIMIT) else {
            return;
        };
        let counts = counts.to_vec();
        runtime.spawn(async move {
            if let Ok(Admission::Admitted { .. }) = limited.await {
                shared.run(Errand::GiveBack, &counts);
            }
        });
    }
}

impl Future for Asking {
    type Output = Option<Admission>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.limited).poll(cx));
        Poll::Ready(self.shared.settle(answer))
    }
}

impl Shared {
    /// Notes what became of a question about a request.
    fn settle(self: &Arc<Self>, answer: Result<Admission, Failure>) -> Option<Admission> {
        match answer {
            Ok(admission) => {
                self.report.answered();
                self.circuit.succeed();
                Some(admission)
            }
            Err(failure) => {
                self.report.counted_alone();
                self.fail(&failure);
                None
            }
        }
    }

    fn fail(self: &Arc<Self>, failure: &Failure) {
        self.report.failed();
        if self.circuit.fail() {
            self.report.say_away(failure);
            self.background.forget();
            self.watch();
        }
    }

    /// Starts a task that asks again and again until the state answers, unless one runs. It ends with
    /// the last handle.
    fn watch(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if !self.circuit.watch().begin() {
            return;
        }
        let Some(mut pause) = timer(BETWEEN_LOOKS) else {
            return;
        };
        let shared = Arc::downgrade(self);
        runtime.spawn(async move {
            loop {
                pause.as_mut().await;
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                let Err(failure) = shared.look().await else {
                    // What came in while it was away is old by now.
                    shared.background.forget();
                    // In this order: whoever opens it again finds no task, and begins one.
                    shared.circuit.watch().end();
                    shared.circuit.close();
                    shared.report.say_back();
                    return;
                };
                shared.report.failed();
                shared.report.say_away(&failure);
                shared.circuit.watch().go_on();
                let Some(next) = timer(BETWEEN_LOOKS) else {
                    return;
                };
                pause = next;
            }
        });
    }

    /// Asks about a bucket that no limit has, under the time limit that requests have: a state that
    /// is too slow for them is away.
    async fn look(&self) -> Result<(), Failure> {
        let Ok(quota) = Quota::new(1_000, Duration::from_secs(1)) else {
            return Ok(());
        };
        let count = Count::new("is the state there", "", quota);
        let begun = ask(TIME_LIMIT, || self.state.admit(&[count]));
        begun.answer().await.map(drop)
    }

    /// Tells the state in the background.
    fn run(self: &Arc<Self>, errand: Errand, counts: &[Count]) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.circuit.is_open() {
            return;
        }
        self.background.add(errand, counts);
        if self.background.task.begin() {
            let telling = Telling(Arc::clone(self));
            runtime.spawn(async move { telling.run().await });
        }
    }

    async fn tell(self: &Arc<Self>, errand: Errand, counts: &[Count]) {
        let told = match errand {
            Errand::Charge => {
                ask(BACKGROUND_LIMIT, || self.state.charge(counts))
                    .answer()
                    .await
            }
            Errand::GiveBack => {
                let question = ask(BACKGROUND_LIMIT, || self.state.give_back(counts));
                question.answer().await
            }
            Errand::Take => {
                let question = ask(BACKGROUND_LIMIT, || self.state.admit(counts));
                question.answer().await.map(drop)
            }
        };
        if let Err(failure) = told {
            self.fail(&failure);
        }
    }
}

/// A task that tells the state something; when it ends, however it does, another one may begin.
struct Telling(Arc<Shared>);

impl Telling {
    async fn run(&self) {
        let shared = &self.0;
        let task = &shared.background.task;
        loop {
            while let Some((errand, counts)) = shared.background.next() {
                shared.tell(errand, &counts).await;
                task.go_on();
            }
            // Whoever adds something from here on begins a task, or it is found now.
            task.end();
            if shared.background.is_empty() || !task.begin() {
                return;
            }
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.background.task.end();
    }
}

impl fmt::Debug for SharedCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCounts")
            .field("is_away", &self.is_away())
            .finish_non_exhaustive()
    }
}

/// No request waits longer for a state.
const TIME_LIMIT: Duration = Duration::from_millis(5);
/// How often a state is asked that is away.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// The time limit of a call for which no request waits.
const BACKGROUND_LIMIT: Duration = Duration::from_secs(1);
