//! The lookups that may ask the endpoint now, and the queues of the next ones.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{
    client_limit::{ClientLimiter, Permit},
    request::ClientAddress,
};

/// Why a token is looked up. It decides which slots the lookup may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookupClass {
    /// A caller shows a token that the endpoint accepted lately.
    KnownToken,
    /// The answer about a known token expires soon; no caller waits.
    Renewal,
    /// A caller at that address, where it is known, shows a token that the endpoint never accepted.
    NewToken(Option<ClientAddress>),
}

/// The slots for lookups that run at once, and the queues of those that wait.
///
/// Every client can send new tokens. So new tokens have half of the slots and a short queue, and one
/// address has a quarter of each. Known tokens have the slots that new ones do not use, except for a
/// quarter that is left to new logins, and the next slot that becomes free.
pub(super) struct Slots {
    limits: SlotLimits,
    state: Mutex<SlotState>,
    /// Callers with new tokens that wait for an answer; several may wait for one token.
    callers: Arc<ClientLimiter>,
}

/// How many lookups may run at once, and how many with new tokens may wait.
struct SlotLimits {
    all: usize,
    known: usize,
    new: usize,
    new_queue: usize,
}

#[derive(Default)]
struct SlotState {
    known: Queue,
    new: Queue,
    /// Only the addresses with a new token here.
    clients: HashMap<ClientAddress, ClientUse>,
    next_id: u64,
}

/// The lookups of known or of new tokens.
#[derive(Default)]
struct Queue {
    running: usize,
    waiting: VecDeque<QueuedLookup>,
}

struct QueuedLookup {
    id: u64,
    client: Option<ClientAddress>,
    grant: oneshot::Sender<()>,
}

/// How many lookups of new tokens one address has.
#[derive(Default)]
struct ClientUse {
    running: usize,
    waiting: usize,
}

impl Slots {
    pub(super) fn new(concurrency: usize) -> Self {
        let all = concurrency.max(1);
        let new = (all / 2).max(1);
        Self {
            limits: SlotLimits {
                all,
                known: all - all / 4,
                new,
                new_queue: new.saturating_mul(QUEUE_PER_SLOT),
            },
            state: Mutex::default(),
            callers: Arc::new(ClientLimiter::new(MAX_CALLERS)),
        }
    }

    /// A slot or a place in the queue for one; `None` where the queue is full.
    pub(super) fn enter(self: &Arc<Self>, class: LookupClass) -> Option<SlotTicket> {
        let (sender, granted) = oneshot::channel();
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id = id.wrapping_add(1);
        state.enqueue(id, class, sender);
        let next = state.advance(&self.limits);
        let fits = state.queue_holds(id, class, &self.limits);
        if !fits {
            state.leave(id, class);
        }
        drop(state);
        wake(next);
        fits.then(|| SlotTicket {
            slots: Arc::clone(self),
            id,
            class,
            granted,
        })
    }

    /// Counts a caller that waits for an answer; `None` where too many with new tokens wait.
    pub(super) fn admit(&self, class: LookupClass) -> Option<WaitingCaller> {
        Some(match class {
            LookupClass::NewToken(client) => WaitingCaller::Limited(self.callers.acquire(client)?),
            LookupClass::KnownToken | LookupClass::Renewal => WaitingCaller::Unlimited,
        })
    }

    fn lock(&self) -> MutexGuard<'_, SlotState> {
        // Nothing panics while it is locked, so another thread left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotState {
    fn enqueue(&mut self, id: u64, class: LookupClass, grant: oneshot::Sender<()>) {
        let client = match class {
            LookupClass::NewToken(client) => client,
            LookupClass::KnownToken | LookupClass::Renewal => None,
        };
        let lookup = QueuedLookup { id, client, grant };
        self.queue(class).waiting.push_back(lookup);
        self.change(client, |of_client| of_client.waiting += 1);
    }

    /// Gives free slots to the lookups that are next. The caller wakes them once this is unlocked.
    fn advance(&mut self, limits: &SlotLimits) -> Vec<oneshot::Sender<()>> {
        let mut next = Vec::new();
        while self.known.running + self.new.running < limits.all {
            let known = match self.known.running < limits.known {
                true => self.known.waiting.pop_front(),
                false => None,
            };
            if let Some(lookup) = known {
                self.known.running += 1;
                next.push(lookup.grant);
                continue;
            }
            let Some(lookup) = self.next_new(limits) else {
                break;
            };
            self.new.running += 1;
            self.change(lookup.client, |of_client| {
                of_client.waiting = of_client.waiting.saturating_sub(1);
                of_client.running += 1;
            });
            next.push(lookup.grant);
        }
        next
    }

    /// The first queued lookup of a new token whose address does not use its quarter.
    fn next_new(&mut self, limits: &SlotLimits) -> Option<QueuedLookup> {
        if self.new.running >= limits.new {
            return None;
        }
        let most = client_share(limits.new);
        let may_run = |lookup: &QueuedLookup| {
            let running = |client| self.count_of(client, |of_client| of_client.running);
            lookup.client.is_none_or(|client| running(client) < most)
        };
        let position = self.new.waiting.iter().position(may_run)?;
        self.new.waiting.remove(position)
    }

    /// Whether the last lookup has a slot, or waits in a queue that is not too long for it.
    fn queue_holds(&mut self, id: u64, class: LookupClass, limits: &SlotLimits) -> bool {
        let waiting = &self.queue(class).waiting;
        if waiting.back().is_none_or(|last| last.id != id) {
            return true;
        }
        let length = waiting.len();
        match class {
            LookupClass::KnownToken => length <= MAX_KNOWN_QUEUE,
            // Callers go first: no caller waits for a renewal.
            LookupClass::Renewal => length <= MAX_KNOWN_QUEUE / 2,
            LookupClass::NewToken(client) => {
                let of_client = client.map_or(0, |client| {
                    self.count_of(client, |of_client| of_client.waiting)
                });
                length <= limits.new_queue && of_client <= client_share(limits.new_queue)
            }
        }
    }

    /// Gives back a place in the queue, or the slot that it became.
    fn leave(&mut self, id: u64, class: LookupClass) {
        let queue = self.queue(class);
        let position = queue.waiting.iter().position(|lookup| lookup.id == id);
        match position {
            Some(position) => drop(queue.waiting.remove(position)),
            None => queue.running = queue.running.saturating_sub(1),
        }
        if let LookupClass::NewToken(client) = class {
            self.change(client, |of_client| {
                let count = match position {
                    Some(_) => &mut of_client.waiting,
                    None => &mut of_client.running,
                };
                *count = count.saturating_sub(1);
            });
        }
    }

    fn queue(&mut self, class: LookupClass) -> &mut Queue {
        match class {
            LookupClass::KnownToken | LookupClass::Renewal => &mut self.known,
            LookupClass::NewToken(_) => &mut self.new,
        }
    }

    fn count_of(&self, client: ClientAddress, count: impl FnOnce(&ClientUse) -> usize) -> usize {
        self.clients.get(&client).map_or(0, count)
    }

    fn change(&mut self, client: Option<ClientAddress>, change: impl FnOnce(&mut ClientUse)) {
        let Some(client) = client else {
            return;
        };
        let of_client = self.clients.entry(client).or_default();
        change(of_client);
        if of_client.running + of_client.waiting == 0 {
            self.clients.remove(&client);
        }
    }
}

/// A place in the queue, and then a slot. Dropping it gives it to the next lookup.
pub(super) struct SlotTicket {
    slots: Arc<Slots>,
    id: u64,
    class: LookupClass,
    granted: oneshot::Receiver<()>,
}

impl SlotTicket {
    pub(super) fn class(&self) -> LookupClass {
        self.class
    }

    /// Waits until there is a slot.
    pub(super) async fn granted(&mut self) {
        // INVARIANT: the sender stays in the queue until it is used, or this ticket is dropped.
        let _granted = (&mut self.granted).await;
    }
}

impl Drop for SlotTicket {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.leave(self.id, self.class);
        let next = state.advance(&self.slots.limits);
        drop(state);
        wake(next);
    }
}

/// A caller that waits for an answer, for as long as this is held.
pub(super) enum WaitingCaller {
    Unlimited,
    Limited(#[expect(dead_code, reason = "held for its drop")] Permit),
}

/// Wakes lookups outside of the lock: waking may drop a task of a runtime that shuts down, and with it
/// a ticket, which locks.
fn wake(next: Vec<oneshot::Sender<()>>) {
    for grant in next {
        let _left_meanwhile = grant.send(());
    }
}

/// The share of one address in the slots or the places of new tokens.
fn client_share(of: usize) -> usize {
    (of / 4).max(1)
}

/// Long enough for a burst; short enough that its last lookup is answered within the time limit, or
/// refused at once.
const QUEUE_PER_SLOT: usize = 8;
const MAX_KNOWN_QUEUE: usize = 1024;
/// Counts the callers with new tokens, not the tokens: many callers may wait for one answer.
const MAX_CALLERS: usize = 1024;
