//! One question at a time about one token.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, watch},
};

use super::{Desk, Question, verdicts::Verdict};
use crate::{AuthError, Secret, fetch::FetchError};

/// The questions that are being asked, by the name of the token.
pub(super) struct Flights {
    under_way: Mutex<HashMap<u128, Landing>>,
    slots: Semaphore,
}

/// Where those who wait for an answer find it.
type Landing = watch::Receiver<Option<Verdict>>;

impl Flights {
    /// Lets so many questions be asked at once; others wait in line.
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            under_way: Mutex::default(),
            slots: Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u128, Landing>> {
        // Entries are put in and taken out whole, so a panic elsewhere leaves nothing half-done.
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q: Question> Desk<Q> {
    /// The answer to a question about a token: one that is under way, or a new one.
    ///
    /// A question is a task of its own. Whoever asked may go away; it is answered for the others,
    /// and for the memory.
    pub(super) fn flight(
        self: &Arc<Self>,
        name: u128,
        token: Secret,
    ) -> Result<impl Future<Output = Verdict> + Send + use<Q>, AuthError> {
        let mut landing = self.board(name, token)?;
        Ok(async move {
            let landed = landing.wait_for(Option::is_some).await;
            // The sender goes away without an answer where the task panicked or its runtime ended.
            let answer = landed.ok().and_then(|answer| answer.clone());
            answer.unwrap_or_else(|| Err(given_up("the check was given up")))
        })
    }

    fn board(self: &Arc<Self>, name: u128, token: Secret) -> Result<Landing, AuthError> {
        let runtime = Handle::try_current()
            .map_err(|_| given_up("there is no Tokio runtime to ask the endpoint from"))?;
        let (sender, landing) = watch::channel(None);
        {
            let mut under_way = self.flights.lock();
            if let Some(landing) = under_way.get(&name) {
                return Ok(landing.clone());
            }
            // It may have landed since the caller looked.
            if let Some(verdict) = self.verdicts.recall(name, self.settings.clock.now()) {
                return Ok(watch::channel(Some(verdict)).1);
            }
            if under_way.len() >= MOST_UNDER_WAY {
                return Err(given_up("too many tokens are being checked"));
            }
            under_way.insert(name, landing.clone());
        }
        // Unlocked by now: a runtime that is shutting down drops the task here and then, and with
        // it the entry, which locks again.
        let entry = Entry {
            desk: Arc::clone(self),
            name,
        };
        runtime.spawn(fly(entry, token, sender));
        Ok(landing)
    }
}

async fn fly<Q: Question>(entry: Entry<Q>, token: Secret, sender: watch::Sender<Option<Verdict>>) {
    let desk = &*entry.desk;
    let since = desk.settings.clock.now();
    let asking = async {
        // The semaphore is never closed.
        let _slot = desk.flights.slots.acquire().await;
        desk.question.ask(&desk.fetcher, token.expose()).await
    };
    // The time in line counts: a caller waits this long, whatever for.
    let verdict = tokio::time::timeout(desk.settings.time_limit, asking)
        .await
        .unwrap_or_else(|_| Err(endpoint_failed(FetchError::TimedOut)));
    desk.verdicts.keep(entry.name, &verdict, since);
    sender.send_replace(Some(verdict));
}

/// Takes a flight out of the list when it ends, however that is.
struct Entry<Q> {
    desk: Arc<Desk<Q>>,
    name: u128,
}

impl<Q> Drop for Entry<Q> {
    fn drop(&mut self) {
        self.desk.flights.lock().remove(&self.name);
    }
}

/// The endpoint could not be asked, or did not say anything that makes sense.
pub(in crate::provider) fn endpoint_failed(error: FetchError) -> AuthError {
    AuthError::unavailable(error).with_reason("endpoint_failed")
}

fn given_up(why: &'static str) -> AuthError {
    AuthError::unavailable(why).with_reason("endpoint_not_asked")
}

const MOST_UNDER_WAY: usize = 1024;
