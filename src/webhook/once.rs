//! Whether a delivery is handled: by the name that its platform signed, or else by what was signed.
//!
//! Where an unsigned header alone tells apart true deliveries with equal bodies, whoever recorded
//! one can write any id into it. So an equal id is the same delivery, and another one is believed a
//! few times only: each takes one of the numbered places that these bytes have.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use super::{
    replay::{ReplayKey, ReplayStore, Reserved},
    verify::{Claim, Once},
};
use crate::error::AuthError;

/// The members by which a delivery is recognized.
pub(super) struct Identity<'a> {
    /// The scheme that the layer verifies.
    pub(super) scheme: &'a str,
    /// The name of the layer that remembers it.
    pub(super) layer: &'a str,
    pub(super) claim: &'a Claim<'a>,
    pub(super) body: &'a [u8],
    /// All that is signed, in pieces.
    pub(super) signed: &'a [Cow<'a, [u8]>],
    /// The platform's name for it in the body.
    pub(super) name: Option<&'a str>,
    pub(super) equals: Option<EqualDeliveries<'a>>,
}

/// The means to tell apart deliveries whose signed bytes are equal.
pub(super) struct EqualDeliveries<'a> {
    /// The id that nobody signed. Where the header is absent, the signed bytes are handled once.
    pub(super) id: Option<&'a str>,
    /// The number of them that is handled.
    pub(super) most: u16,
    /// All that the handler reads, where one signature fits several readings.
    pub(super) reading: Option<Reading<'a>>,
}

/// All that a handler reads of a delivery.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// Path and query.
    pub(super) address: &'a str,
    pub(super) body: &'a [u8],
}

/// The state of a delivery: whether it is handled now.
pub(super) enum DeliveryState {
    /// It is handled now. The number counts the deliveries with these bytes: 0 is the first.
    New(Reservation, u16),
    InProgress,
    Handled,
    /// As many with these bytes under other ids have been handled as may be.
    Exhausted,
    /// Signed like one that is known, and cut into other names and values.
    Recut,
}

impl Identity<'_> {
    pub(super) async fn reserve(
        &self,
        store: &Arc<dyn ReplayStore>,
        at: SystemTime,
    ) -> Result<DeliveryState, AuthError> {
        let mut held = Reservation::new(Arc::clone(store));
        let signed = self.signed_key();
        let key = |parts: &[&[u8]]| {
            ReplayKey::new(
                [&signed.as_bytes()[..]]
                    .into_iter()
                    .chain(parts.iter().copied()),
            )
        };
        let id = self.equals.as_ref().and_then(|equals| equals.id);
        if let Some(id) = id {
            match held.add(key(&[b"id", id.as_bytes()]), at).await? {
                Reserved::New => {}
                Reserved::InProgress => return Ok(DeliveryState::InProgress),
                Reserved::Handled => return Ok(DeliveryState::Handled),
            }
        }
        let mut is_new_reading = false;
        if let Some(read) = self.equals.as_ref().and_then(|equals| equals.reading) {
            let reading = key(&[b"reading", read.address.as_bytes(), read.body]);
            is_new_reading = held.add(reading, at).await? == Reserved::New;
            if is_new_reading {
                let chosen = key(&[b"chosen"]);
                match held.add(chosen, at).await? {
                    Reserved::New => {}
                    Reserved::InProgress => return Ok(DeliveryState::InProgress),
                    Reserved::Handled => return Ok(DeliveryState::Recut),
                }
                // The first reading is the only one, whatever becomes of the handler: between a
                // failure and the platform's next attempt another one would pass. A store that is
                // full forgets in this order, and never that the true reading is known while it
                // still knows that one was chosen.
                held.keep_now([chosen, reading]);
            }
        }
        let most = match (id, &self.equals) {
            (Some(_), Some(equals)) => equals.most,
            // Nothing tells equal ones apart.
            _ => 1,
        };
        let mut is_busy = false;
        for number in 0..most {
            let place = match number {
                0 => signed,
                _ => key(&[b"place", &number.to_be_bytes()]),
            };
            match held.add(place, at).await? {
                Reserved::New => return Ok(DeliveryState::New(held, number)),
                Reserved::InProgress => is_busy = true,
                Reserved::Handled if is_new_reading => return Ok(DeliveryState::Recut),
                Reserved::Handled => {}
            }
        }
        Ok(match (is_busy, id) {
            (true, _) => DeliveryState::InProgress,
            (false, Some(_)) => DeliveryState::Exhausted,
            (false, None) => DeliveryState::Handled,
        })
    }

    /// The key of what is signed, or of the name in it.
    fn signed_key(&self) -> ReplayKey {
        let concatenated;
        let (what, bytes): (&str, &[u8]) = match (self.claim.once, self.name) {
            (Once::Id(id), _) => ("id", id.as_bytes()),
            (Once::Body, Some(name)) => ("name", name.as_bytes()),
            (Once::Body, None) => ("body", self.body),
            (Once::Signed, _) => {
                // One text, however it was put together.
                concatenated = self.signed.concat();
                ("signed", &concatenated)
            }
        };
        let (scheme, layer) = (self.scheme.as_bytes(), self.layer.as_bytes());
        ReplayKey::new([scheme, layer, what.as_bytes(), bytes])
    }
}

/// A delivery that is being handled: released when dropped, unless it was kept.
pub(super) struct Reservation {
    store: Arc<dyn ReplayStore>,
    keys: Vec<ReplayKey>,
}

impl Reservation {
    fn new(store: Arc<dyn ReplayStore>) -> Self {
        Self {
            store,
            keys: Vec::new(),
        }
    }

    async fn add(&mut self, key: ReplayKey, at: SystemTime) -> Result<Reserved, AuthError> {
        let reserved = self.store.reserve(&key, at).await?;
        if reserved == Reserved::New {
            self.keys.push(key);
        }
        Ok(reserved)
    }

    /// Keeps some of the keys whatever becomes of the delivery.
    fn keep_now(&mut self, keys: [ReplayKey; 2]) {
        self.keys.retain(|key| !keys.contains(key));
        for key in keys {
            self.store.keep(&key);
        }
    }

    pub(super) fn keep(mut self) {
        for key in std::mem::take(&mut self.keys) {
            self.store.keep(&key);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // The id last: until then a copy with this one hears that it is being handled.
        for key in self.keys.iter().rev() {
            self.store.release(key);
        }
    }
}
