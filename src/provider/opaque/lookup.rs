//! Looking a token up: one lookup at a time about one token, for all requests that show it.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch};

use super::{
    cache::EndpointAnswer,
    contract::{TokenEndpoint, endpoint_failed},
    endpoint_client::EndpointClient,
    in_flight::RunningLookup,
    slots::{LookupClass, SlotTicket},
};
use crate::{error::AuthError, issuer::fetch::FetchError, provider::AuthResult, secret::Secret};

impl<E: TokenEndpoint> EndpointClient<E> {
    /// The remembered answer for a token, if there is one. It is renewed in time.
    pub(super) fn recall(self: &Arc<Self>, hash: u128, token: &str) -> Option<AuthResult> {
        let recalled = self.cache.recall(hash, self.settings.clock.now())?;
        let answer = recalled
            .answer
            .and_then(|active| self.settings.judge_times(active));
        // A token that has expired meanwhile is not worth a lookup.
        if recalled.is_renewal_due && answer.is_ok() {
            self.renew(hash, Secret::from(token));
        }
        Some(answer)
    }

    /// The answer of a lookup about a token: of one that is running, or of a new one.
    ///
    /// A lookup is a task of its own. Once the endpoint has been asked, the request that started it
    /// may go away: the answer is for the other requests and for the cache.
    pub(super) async fn look_up(
        self: &Arc<Self>,
        hash: u128,
        token: Secret,
        class: LookupClass,
    ) -> EndpointAnswer {
        let admitted = self.slots.admit(class);
        let _caller = admitted
            .ok_or_else(|| try_again_later("too many callers wait for the endpoint", class))?;
        let mut receiver = self.join_or_start(hash, token, class)?;
        let received = receiver.wait_for(Option::is_some).await;
        // The sender is dropped without an answer where the task panicked or its runtime ended.
        let answer = received.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(not_asked("the check was given up")))
    }

    /// Starts a lookup before the answer expires. No request waits for it, and where it cannot be
    /// started now, the answer expires in its time.
    fn renew(self: &Arc<Self>, hash: u128, token: Secret) {
        let _nobody_waits = self.join_or_start(hash, token, LookupClass::Renewal);
    }

    fn join_or_start(
        self: &Arc<Self>,
        hash: u128,
        token: Secret,
        class: LookupClass,
    ) -> Result<watch::Receiver<Option<EndpointAnswer>>, AuthError> {
        let runtime = Handle::try_current()
            .map_err(|_| not_asked("there is no Tokio runtime to ask the endpoint from"))?;
        let (lookup, ticket, receiver) = {
            let mut lookups = self.in_flight.lock();
            if let Some(answer) = lookups.get(&hash) {
                return Ok(answer.subscribe());
            }
            // A lookup may have finished since the caller looked.
            if class != LookupClass::Renewal
                && let Some(recalled) = self.cache.recall(hash, self.settings.clock.now())
            {
                return Ok(watch::channel(Some(recalled.answer)).1);
            }
            let ticket = self.slots.enter(class);
            let ticket = ticket
                .ok_or_else(|| try_again_later("too many tokens are being checked", class))?;
            let (sender, receiver) = watch::channel(None);
            let answer = Arc::new(sender);
            lookups.insert(hash, Arc::clone(&answer));
            let lookup = RunningLookup {
                list: Arc::clone(&self.in_flight),
                hash,
                answer,
                provider: self.provider.clone(),
            };
            (lookup, ticket, receiver)
        };
        // The list is unlocked by now: a runtime that is shutting down drops the task in this call,
        // and with it the lookup, which locks the list again.
        runtime.spawn(run(Arc::clone(self), lookup, token, ticket));
        Ok(receiver)
    }
}

async fn run<E: TokenEndpoint>(
    client: Arc<EndpointClient<E>>,
    lookup: RunningLookup,
    token: Secret,
    mut ticket: SlotTicket,
) {
    let asking = async {
        let is_renewal = ticket.class() == LookupClass::Renewal;
        let queued = ticket.granted();
        match is_renewal {
            true => until(queued, lookup.orphaned()).await?,
            // Requests that hang up give back their place in the queue.
            false => until(queued, lookup.abandoned()).await?,
        }
        // The answer is as old as the question to the endpoint, not as the wait in the queue.
        let asked_at = client.settings.clock.now();
        let ask = client.endpoint.ask(&client.fetcher, token.expose());
        // This goes on without its requests: the endpoint would go on as well, and the next lookup
        // in its slot would make more questions than are allowed.
        let answer = until(ask, lookup.orphaned()).await?;
        let answer = answer.map(|active| client.settings.timed(active));
        client.cache.store(lookup.hash, &answer, asked_at);
        Some(answer)
    };
    // The time in the queue counts: a request waits this long, whatever it waits for.
    let answer = match tokio::time::timeout(client.settings.time_limit, asking).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return,
        Err(_) => Err(endpoint_failed(FetchError::TimedOut)),
    };
    lookup.answer.send_replace(Some(answer));
}

/// The result of a future; `None` where `end` finishes first.
async fn until<T>(work: impl Future<Output = T>, end: impl Future<Output = ()>) -> Option<T> {
    let (mut work, mut end) = (pin!(work), pin!(end));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// The error where the endpoint was not asked.
fn not_asked(why: &'static str) -> AuthError {
    AuthError::unavailable(why).with_reason("endpoint_not_asked")
}

/// The error where there is no slot now, and will be one in a moment.
fn try_again_later(why: &'static str, class: LookupClass) -> AuthError {
    let error = not_asked(why).with_retry_after(Duration::from_secs(1));
    match class {
        LookupClass::NewToken(_) => error.caused_by_callers(),
        LookupClass::KnownToken | LookupClass::Renewal => error,
    }
}
