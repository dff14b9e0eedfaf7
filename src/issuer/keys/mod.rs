//! Keys that an issuer publishes: found, fetched, kept, refreshed.
//!
//! A [`Keyring`] holds a snapshot of one issuer's keys, which requests read without a lock. A task
//! of its own, which ends with it, replaces the snapshot: before the keys' time is up, and when a
//! request meets a key id that is not there. An id that the issuer has withdrawn is told from one that
//! was never seen. The [`Plan`](plan::Plan) decides when; the
//! [`Source`] knows where.

mod keyring;
mod plan;
mod report;
mod shortage;
mod source;
mod task;
mod withdrawn;

pub(crate) use self::{
    keyring::{Keyring, Missing, Snapshot},
    plan::{LONGEST_CACHE_TTL, Pace, SHORTEST_CACHE_TTL, Ticket},
    source::{Place, Source},
};
