//! Waiting for the end of a caller's credential.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{AuthContext, RestingContext, revoker::Revoker};
use crate::{
    clock::Alarm,
    ended::{NEVER, Wait},
};

/// A future that is ready once the credential of a caller has expired or was revoked: made by
/// [`AuthContext::ended`].
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
    caller: RestingContext,
    alarm: Option<Alarm>,
    source: Source,
    revoker: Option<Arc<Revoker>>,
    /// The place among those who wait for a revocation, or `NOWHERE`.
    place: u32,
    /// The turn of the revocations that were looked at last.
    turn: u32,
    /// The task that is to be woken.
    waker: Option<Waker>,
}

/// What else can end the credential before its time.
enum Source {
    None,
    /// It was not asked yet, so it knows nothing of this future.
    Unasked,
    Asked(Wait),
    /// It has ended, one way or another.
    Over,
}

impl Ended {
    pub(crate) fn new(caller: RestingContext, revoker: Option<Arc<Revoker>>) -> Self {
        let turn = revoker.as_ref().map_or(0, |revoker| revoker.list().turn());
        Self {
            caller,
            alarm: None,
            source: Source::Unasked,
            revoker,
            place: NOWHERE,
            // They were not looked at yet.
            turn: turn.wrapping_sub(1),
            waker: None,
        }
    }

    pub(crate) fn caller(&self) -> &RestingContext {
        &self.caller
    }

    /// Whether the credential has ended. It looks at the clock, so it is right although nobody was woken.
    pub(crate) fn is_over(&mut self) -> bool {
        if matches!(self.source, Source::Unasked) {
            let end = self.caller.charge().and_then(|charge| charge.end());
            self.source = end.map_or(Source::None, |end| Source::Asked(Wait::new(end)));
        }
        let is_over = match &self.source {
            Source::Over => return true,
            Source::Asked(wait) if wait.is_over() => true,
            _ => self.caller.has_expired() || self.is_revoked(),
        };
        if is_over {
            self.leave();
            self.source = Source::Over;
        }
        is_over
    }

    /// Whether the caller is among the revoked ones, who are looked at when there are more of them.
    fn is_revoked(&mut self) -> bool {
        let Some(revoker) = &self.revoker else {
            return false;
        };
        let turn = revoker.list().turn();
        if mem::replace(&mut self.turn, turn) == turn {
            return false;
        }
        revoker.list().has_ended(&self.caller.to_context())
    }

    /// Leaves the waker of a task, unless it is there.
    fn wait(&mut self, waker: &Waker) {
        let (at, clock) = (self.caller.ends_at(), self.caller.clock());
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
        if let Some(revoker) = &self.revoker {
            let place = Some(self.place).filter(|place| *place != NOWHERE);
            let place = revoker.list().leave(&self.caller, waker, place);
            self.place = place.unwrap_or(NOWHERE);
        }
        let alarm = self.alarm.as_mut();
        let is_changed = alarm.is_some_and(|alarm| clock.change_alarm(alarm, waker));
        if at != NEVER && !is_changed {
            self.alarm = Some(clock.wake_at(at.saturating_mul(1_000), waker));
        }
        self.waker = Some(waker.clone());
    }

    fn leave(&mut self) {
        if let Some(alarm) = self.alarm.take() {
            self.caller.clock().end_alarm(&alarm);
        }
        let place = mem::replace(&mut self.place, NOWHERE);
        if let Some(revoker) = &self.revoker
            && place != NOWHERE
        {
            revoker.list().give_back(place);
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

impl RestingContext {
    fn has_expired(&self) -> bool {
        let at = self.ends_at();
        at != NEVER && self.clock().now() >= at
    }
}

impl AuthContext {
    /// Whether the credential can end at all.
    #[inline]
    pub(crate) fn can_end(&self) -> bool {
        self.inner.ends_at() != NEVER || self.revoker.is_some() || self.own_charge().is_some()
    }

    /// Whether the credential has ended, for those who do not wait; `None` where only [`Ended`] finds out.
    pub(crate) fn has_ended(&self) -> Option<bool> {
        let revoker = self.revoker.as_ref();
        if RestingContext::from(self.clone()).has_expired()
            || revoker.is_some_and(|revoker| revoker.list().has_ended(self))
        {
            return Some(true);
        }
        self.own_charge()
            .map_or(Some(false), |charge| charge.has_ended())
    }
}

const NOWHERE: u32 = u32::MAX;
