//! One question at a time about one token.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch};

use super::{
    Desk, Question,
    slots::{Asker, Place},
    verdicts::Verdict,
};
use crate::{error::AuthError, issuer::fetch::FetchError, secret::Secret};

/// The questions that are being asked or wait in line, by the name of the token.
#[derive(Default)]
pub(super) struct Flights {
    under_way: Mutex<HashMap<u128, Arc<Answer>>>,
}

/// Where those who wait find the answer. The flights hold no receiver, so that it shows when nobody
/// waits any more.
type Answer = watch::Sender<Option<Verdict>>;

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<u128, Arc<Answer>>> {
        // Entries are put in and taken out whole, so a panic elsewhere leaves nothing half-done.
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q: Question> Desk<Q> {
    /// The answer to a question about a token: one that is under way, or a new one.
    ///
    /// A question is a task of its own. Once the endpoint has been asked, whoever asked may go
    /// away; it is answered for the others, and for the memory.
    pub(super) async fn flight(
        self: &Arc<Self>,
        name: u128,
        token: Secret,
        asker: Asker,
    ) -> Verdict {
        let admitted = self.slots.admit(asker);
        let _caller =
            admitted.ok_or_else(|| come_again("too many callers wait for the endpoint", asker))?;
        let mut landing = self.board(name, token, asker)?;
        let landed = landing.wait_for(Option::is_some).await;
        // The sender goes away without an answer where the task panicked or its runtime ended.
        let answer = landed.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(given_up("the check was given up")))
    }

    /// Asks about a token before the verdict lapses. Nobody waits, and where it cannot be done now
    /// the verdict lapses in its time.
    pub(super) fn renew(self: &Arc<Self>, name: u128, token: Secret) {
        let _nobody_waits = self.board(name, token, Asker::Renewal);
    }

    fn board(
        self: &Arc<Self>,
        name: u128,
        token: Secret,
        asker: Asker,
    ) -> Result<watch::Receiver<Option<Verdict>>, AuthError> {
        let runtime = Handle::try_current()
            .map_err(|_| given_up("there is no Tokio runtime to ask the endpoint from"))?;
        let (flight, place, landing) = {
            let mut under_way = self.flights.lock();
            if let Some(answer) = under_way.get(&name) {
                return Ok(answer.subscribe());
            }
            // It may have landed since the caller looked.
            if asker != Asker::Renewal
                && let Some(recalled) = self.verdicts.recall(name, self.settings.clock.now())
            {
                return Ok(watch::channel(Some(recalled.verdict)).1);
            }
            let place = self.slots.take(asker);
            let place =
                place.ok_or_else(|| come_again("too many tokens are being checked", asker))?;
            let (answer, landing) = watch::channel(None);
            let answer = Arc::new(answer);
            under_way.insert(name, Arc::clone(&answer));
            let desk = Arc::clone(self);
            (Flight { desk, name, answer }, place, landing)
        };
        // Unlocked by now: a runtime that is shutting down drops the task here and then, and with
        // it the flight, which locks again.
        runtime.spawn(run(flight, token, place, asker));
        Ok(landing)
    }
}

async fn run<Q: Question>(flight: Flight<Q>, token: Secret, mut place: Place, asker: Asker) {
    let desk = &*flight.desk;
    let asking = async {
        let in_line = place.turn();
        match asker {
            Asker::Renewal => until(in_line, flight.orphaned()).await?,
            // Whoever hangs up gives back the place in line.
            Asker::Known | Asker::Stranger(_) => until(in_line, flight.abandoned()).await?,
        }
        // What the endpoint answers was true when it was asked, not when the line began.
        let since = desk.settings.clock.now();
        let ask = desk.question.ask(&desk.fetcher, token.expose());
        // Not given up with its callers: the endpoint would go on with it, and with the next one
        // in its slot there would be more questions than are allowed.
        let verdict = until(ask, flight.orphaned()).await?;
        desk.verdicts.keep(flight.name, &verdict, since);
        Some(verdict)
    };
    // The time in line counts: a caller waits this long, whatever for.
    let verdict = match tokio::time::timeout(desk.settings.time_limit, asking).await {
        Ok(Some(verdict)) => verdict,
        Ok(None) => return,
        Err(_) => Err(endpoint_failed(FetchError::TimedOut)),
    };
    flight.answer.send_replace(Some(verdict));
}

/// What a future gives, or nothing where another ends first.
async fn until<T>(work: impl Future<Output = T>, end: impl Future<Output = ()>) -> Option<T> {
    let (mut work, mut end) = (pin!(work), pin!(end));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A question in the list of those under way; dropping it takes it out, however it ended.
struct Flight<Q> {
    desk: Arc<Desk<Q>>,
    name: u128,
    answer: Arc<Answer>,
}

impl<Q> Flight<Q> {
    /// Returns when nobody waits for the answer, and nobody will: it is no longer in the list.
    async fn abandoned(&self) {
        loop {
            self.answer.closed().await;
            let mut under_way = self.desk.flights.lock();
            // Somebody may have come before this was locked.
            if self.answer.receiver_count() == 0 {
                self.remove(&mut under_way);
                return;
            }
        }
    }

    /// Returns when the provider was dropped and nobody waits for the answer.
    async fn orphaned(&self) {
        let mut provider = self.desk.provider.clone();
        while provider.changed().await.is_ok() {}
        self.abandoned().await;
    }

    /// Another flight about the token may stand there by now.
    fn remove(&self, under_way: &mut HashMap<u128, Arc<Answer>>) {
        let mine = |answer: &Arc<Answer>| Arc::ptr_eq(answer, &self.answer);
        if under_way.get(&self.name).is_some_and(mine) {
            under_way.remove(&self.name);
        }
    }
}

impl<Q> Drop for Flight<Q> {
    fn drop(&mut self) {
        let mut under_way = self.desk.flights.lock();
        self.remove(&mut under_way);
    }
}

/// The endpoint could not be asked, or did not say anything that makes sense.
pub(in crate::provider) fn endpoint_failed(error: FetchError) -> AuthError {
    AuthError::unavailable(error).with_reason("endpoint_failed")
}

fn given_up(why: &'static str) -> AuthError {
    AuthError::unavailable(why).with_reason("endpoint_not_asked")
}

/// There is no place now, and will be in a moment.
fn come_again(why: &'static str, asker: Asker) -> AuthError {
    let error = given_up(why).with_retry_after(Duration::from_secs(1));
    match asker {
        Asker::Stranger(_) => error.caused_by_callers(),
        Asker::Known | Asker::Renewal => error,
    }
}
