//! Who may ask the endpoint at the moment, and who is next.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{
    request::ClientAddress,
    shares::{Share, Shares},
};

/// On whose behalf the endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// A caller whose token the endpoint vouched for lately.
    Known,
    /// No caller: a verdict about a known token lapses soon.
    Renewal,
    /// A caller with a token that nobody vouched for, at that address where it is known.
    Stranger(Option<ClientAddress>),
}

/// The questions that may be asked at once, and the lines of those that wait.
///
/// Anybody can show tokens that nobody has seen. So they have half of the slots and a short line,
/// and one address has a quarter of either. Known tokens have what strangers do not use, but for a
/// quarter that is left to new logins, and the first place in line.
pub(super) struct Slots {
    limits: Limits,
    state: Mutex<State>,
    /// Strangers that wait for an answer, several for one token included.
    callers: Arc<Shares>,
}

struct Limits {
    all: usize,
    known: usize,
    strangers: usize,
    strangers_line: usize,
}

#[derive(Default)]
struct State {
    known: Queue,
    strangers: Queue,
    /// Only those that have something here.
    peers: HashMap<ClientAddress, Peer>,
    next_id: u64,
}

#[derive(Default)]
struct Queue {
    running: usize,
    line: VecDeque<Waiter>,
}

struct Waiter {
    id: u64,
    peer: Option<ClientAddress>,
    turn: oneshot::Sender<()>,
}

/// What one address takes of what strangers have.
#[derive(Default)]
struct Peer {
    running: usize,
    waiting: usize,
}

impl Slots {
    pub(super) fn new(concurrency: usize) -> Self {
        let all = concurrency.max(1);
        let strangers = (all / 2).max(1);
        Self {
            limits: Limits {
                all,
                known: all - all / 4,
                strangers,
                strangers_line: strangers.saturating_mul(LINE_PER_SLOT),
            },
            state: Mutex::default(),
            callers: Arc::new(Shares::new(MOST_CALLERS)),
        }
    }

    /// A slot, or a place in line for one; nothing where the line is full.
    pub(super) fn take(self: &Arc<Self>, asker: Asker) -> Option<Place> {
        let (sender, turn) = oneshot::channel();
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id = id.wrapping_add(1);
        state.enqueue(id, asker, sender);
        let next = state.advance(&self.limits);
        let fits = state.line_holds(id, asker, &self.limits);
        if !fits {
            state.leave(id, asker);
        }
        drop(state);
        wake(next);
        fits.then(|| Place {
            slots: Arc::clone(self),
            id,
            asker,
            turn,
        })
    }

    /// Counts a caller who waits for an answer; nothing where too many strangers do.
    pub(super) fn admit(&self, asker: Asker) -> Option<Caller> {
        Some(match asker {
            Asker::Stranger(peer) => Caller::Stranger(self.callers.take(peer)?),
            Asker::Known | Asker::Renewal => Caller::Known,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is locked; what another thread left is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(&mut self, id: u64, asker: Asker, turn: oneshot::Sender<()>) {
        let peer = match asker {
            Asker::Stranger(peer) => peer,
            Asker::Known | Asker::Renewal => None,
        };
        self.queue(asker).line.push_back(Waiter { id, peer, turn });
        self.change(peer, |peer| peer.waiting += 1);
    }

    /// Gives free slots to those who are next. They are to be woken once this is unlocked.
    fn advance(&mut self, limits: &Limits) -> Vec<oneshot::Sender<()>> {
        let mut next = Vec::new();
        while self.known.running + self.strangers.running < limits.all {
            let known = match self.known.running < limits.known {
                true => self.known.line.pop_front(),
                false => None,
            };
            if let Some(waiter) = known {
                self.known.running += 1;
                next.push(waiter.turn);
                continue;
            }
            let Some(waiter) = self.next_stranger(limits) else {
                break;
            };
            self.strangers.running += 1;
            self.change(waiter.peer, |peer| {
                peer.waiting = peer.waiting.saturating_sub(1);
                peer.running += 1;
            });
            next.push(waiter.turn);
        }
        next
    }

    /// The first in line whose address has not had its share.
    fn next_stranger(&mut self, limits: &Limits) -> Option<Waiter> {
        if self.strangers.running >= limits.strangers {
            return None;
        }
        let most = share(limits.strangers);
        let may = |waiter: &Waiter| {
            let running = |peer| self.peer(peer, |peer| peer.running);
            waiter.peer.is_none_or(|peer| running(peer) < most)
        };
        let at = self.strangers.line.iter().position(may)?;
        self.strangers.line.remove(at)
    }

    /// Whether the one who came last has a slot, or stands in a line that is not too long for it.
    fn line_holds(&mut self, id: u64, asker: Asker, limits: &Limits) -> bool {
        let line = &self.queue(asker).line;
        if line.back().is_none_or(|last| last.id != id) {
            return true;
        }
        let length = line.len();
        match asker {
            Asker::Known => length <= KNOWN_LINE,
            // Callers go first: nobody waits for a renewal.
            Asker::Renewal => length <= KNOWN_LINE / 2,
            Asker::Stranger(peer) => {
                let of_peer = peer.map_or(0, |peer| self.peer(peer, |peer| peer.waiting));
                length <= limits.strangers_line && of_peer <= share(limits.strangers_line)
            }
        }
    }

    /// Gives back a place in line, or the slot that came of it.
    fn leave(&mut self, id: u64, asker: Asker) {
        let queue = self.queue(asker);
        let place = queue.line.iter().position(|waiter| waiter.id == id);
        match place {
            Some(place) => drop(queue.line.remove(place)),
            None => queue.running = queue.running.saturating_sub(1),
        }
        if let Asker::Stranger(peer) = asker {
            self.change(peer, |peer| {
                let count = match place {
                    Some(_) => &mut peer.waiting,
                    None => &mut peer.running,
                };
                *count = count.saturating_sub(1);
            });
        }
    }

    fn queue(&mut self, asker: Asker) -> &mut Queue {
        match asker {
            Asker::Known | Asker::Renewal => &mut self.known,
            Asker::Stranger(_) => &mut self.strangers,
        }
    }

    fn peer(&self, peer: ClientAddress, count: impl FnOnce(&Peer) -> usize) -> usize {
        self.peers.get(&peer).map_or(0, count)
    }

    fn change(&mut self, peer: Option<ClientAddress>, change: impl FnOnce(&mut Peer)) {
        let Some(address) = peer else {
            return;
        };
        let peer = self.peers.entry(address).or_default();
        change(peer);
        if peer.running + peer.waiting == 0 {
            self.peers.remove(&address);
        }
    }
}

/// A place in line, and then a slot. Dropping it lets the next one in.
pub(super) struct Place {
    slots: Arc<Slots>,
    id: u64,
    asker: Asker,
    turn: oneshot::Receiver<()>,
}

impl Place {
    /// Waits until there is a slot.
    pub(super) async fn turn(&mut self) {
        // INVARIANT: the sender stays in the line until it is used, or this place is dropped.
        let _turn = (&mut self.turn).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.leave(self.id, self.asker);
        let next = state.advance(&self.slots.limits);
        drop(state);
        wake(next);
    }
}

/// Somebody who waits for an answer, for as long as this is held.
pub(super) enum Caller {
    Known,
    Stranger(#[expect(dead_code, reason = "held for its drop")] Share),
}

/// Waking may drop a task of a runtime that shuts down, and with it a place, which locks.
fn wake(next: Vec<oneshot::Sender<()>>) {
    for turn in next {
        let _left_meanwhile = turn.send(());
    }
}

/// What one address may have of what strangers have.
fn share(of: usize) -> usize {
    (of / 4).max(1)
}

/// Long enough for a burst; short enough that its last one is answered within the time limit, or
/// told at once to come again.
const LINE_PER_SLOT: usize = 8;
const KNOWN_LINE: usize = 1024;
/// Of strangers, whatever their tokens. Many may wait for one answer.
const MOST_CALLERS: usize = 1024;
