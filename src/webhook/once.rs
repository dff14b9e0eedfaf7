//! Decides whether a delivery is handled: by its signed name, or else by its signed bytes.
//!
//! Where only an unsigned header tells genuine deliveries with equal bodies apart, an attacker who
//! recorded one can write any id into it. So an equal id means the same delivery, and only a few
//! deliveries with other ids are accepted: each takes one of the numbered places of these bytes.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use super::{
    replay::{ReplayKey, ReplayStore, Reserved},
    verify::{IdentifiedBy, Unverified},
};
use crate::error::AuthError;

/// The members by which a delivery is recognized.
pub(super) struct Identity<'a> {
    /// The scheme that the layer verifies.
    pub(super) scheme: &'a str,
    /// The name of the layer that remembers the delivery.
    pub(super) layer: &'a str,
    pub(super) unverified: &'a Unverified<'a>,
    pub(super) body: &'a [u8],
    /// All signed bytes, in pieces.
    pub(super) signed: &'a [Cow<'a, [u8]>],
    /// The platform's name for the delivery in the body.
    pub(super) name: Option<&'a str>,
    pub(super) equals: Option<EqualDeliveries<'a>>,
}

/// Tells deliveries with equal signed bytes apart.
pub(super) struct EqualDeliveries<'a> {
    /// The unsigned id. Where the header is absent, the signed bytes are handled once.
    pub(super) id: Option<&'a str>,
    /// The maximum number of such deliveries that are handled.
    pub(super) most: u16,
    /// The data that the handler reads, where one signature fits several readings.
    pub(super) reading: Option<Reading<'a>>,
}

/// The data of a delivery that a handler reads.
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
    /// The maximum number of deliveries with these bytes under other ids has been handled.
    Exhausted,
    /// It has the signature of a known delivery, but other names and values.
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
                // The first reading is the only one, even if its handler fails: otherwise another
                // reading would pass before the platform's next attempt. A full store forgets in this
                // order, so while it knows that a reading was chosen it also knows which one.
                held.keep_now([chosen, reading]);
            }
        }
        let most = match (id, &self.equals) {
            (Some(_), Some(equals)) => equals.most,
            // Nothing tells equal deliveries apart.
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

    /// The key of the signed bytes, or of the name in them.
    fn signed_key(&self) -> ReplayKey {
        let concatenated;
        let (what, bytes): (&str, &[u8]) = match (self.unverified.identified_by, self.name) {
            (IdentifiedBy::Id(id), _) => ("id", id.as_bytes()),
            (IdentifiedBy::Body, Some(name)) => ("name", name.as_bytes()),
            (IdentifiedBy::Body, None) => ("body", self.body),
            (IdentifiedBy::Signed, _) => {
                // One text, independent of its pieces.
                concatenated = self.signed.concat();
                ("signed", &concatenated)
            }
        };
        let (scheme, layer) = (self.scheme.as_bytes(), self.layer.as_bytes());
        ReplayKey::new([scheme, layer, what.as_bytes(), bytes])
    }
}

/// A delivery in progress: released when dropped, unless it was kept.
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

    /// Keeps these keys, even if the delivery fails.
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
        // The id is released last: until then a copy with this id is answered as in progress.
        for key in self.keys.iter().rev() {
            self.store.release(key);
        }
    }
}
