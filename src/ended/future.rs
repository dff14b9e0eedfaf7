//! Waiting for the end of a credential.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::end::{EndSource, Wait};
use crate::clock::{Alarm, Clock};

/// A future that is ready once the credential of a caller has expired or was revoked: made by
/// [`AuthContext::ended`](crate::AuthContext::ended).
///
/// It stays ready from then on. It needs no runtime, and nothing runs while it waits.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, Ended};
///
/// struct Session {
///     over: Ended,
/// }
///
/// fn start(caller: &AuthContext) -> Session {
///     Session { over: caller.ended() }
/// }
/// # let _ = start;
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct Ended {
    expiry: Expiry,
    alarm: Option<Alarm>,
    source: Source,
    /// The task that is to be woken.
    waker: Option<Waker>,
}

/// The time in Unix seconds from which a credential is refused, and the clock that tells.
#[derive(Clone, Debug)]
pub(crate) struct Expiry {
    pub(crate) at: u64,
    pub(crate) clock: Clock,
}

/// What can end a credential before its time.
enum Source {
    None,
    /// It was not asked yet, so it knows nothing of this future.
    Unasked(Arc<dyn EndSource>),
    Asked(Wait),
    /// It has ended: by its source, or by its expiry.
    Over,
}

impl Expiry {
    pub(crate) fn has_passed(&self) -> bool {
        self.at != NEVER && self.clock.now() >= self.at
    }
}

impl Ended {
    pub(crate) fn new(expiry: Expiry, source: Option<Arc<dyn EndSource>>) -> Self {
        Self {
            expiry,
            alarm: None,
            source: source.map_or(Source::None, Source::Unasked),
            waker: None,
        }
    }

    /// Whether the credential has ended. It looks at the clock, so it is right although nobody was woken.
    pub(crate) fn is_over(&mut self) -> bool {
        if let Source::Unasked(source) = &self.source {
            self.source = source
                .end()
                .map_or(Source::None, |end| Source::Asked(Wait::new(end)));
        }
        let is_over = match &self.source {
            Source::Over => return true,
            Source::Asked(wait) => wait.is_over() || self.expiry.has_passed(),
            Source::None | Source::Unasked(_) => self.expiry.has_passed(),
        };
        if is_over {
            self.leave();
            self.source = Source::Over;
        }
        is_over
    }

    /// Leaves the waker of a task, unless it is there.
    fn wait(&mut self, waker: &Waker) {
        let Expiry { at, clock } = &self.expiry;
        let known = self.waker.as_ref();
        let is_known = known.is_some_and(|known| known.will_wake(waker));
        // An alarm rings once; and the clock may have been set back since.
        let alarm = self.alarm.as_ref();
        if is_known && !alarm.is_some_and(|alarm| clock.may_have_rung(alarm)) {
            return;
        }
        if let Source::Asked(wait) = &mut self.source {
            wait.leave(waker);
        }
        let alarm = self.alarm.as_mut();
        let is_changed = alarm.is_some_and(|alarm| clock.change_alarm(alarm, waker));
        if *at != NEVER && !is_changed {
            self.alarm = Some(clock.wake_at(at.saturating_mul(1_000), waker));
        }
        self.waker = Some(waker.clone());
    }

    fn leave(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            self.expiry.clock.end_alarm(&alarm);
        }
        self.waker = None;
    }
}

impl Future for Ended {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over() {
            return Poll::Ready(());
        }
        self.wait(cx.waker());
        // It may have ended before the waker was there.
        match self.is_over() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended")
            .field("is_over", &matches!(self.source, Source::Over))
            .finish_non_exhaustive()
    }
}

/// The time of a credential that does not expire.
pub(crate) const NEVER: u64 = u64::MAX;
