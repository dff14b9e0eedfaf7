//! The keys that an issuer publishes: fetched, kept, refreshed.
//!
//! A [`Keyring`] holds a snapshot of one issuer's keys, which requests read without a lock. A task,
//! which ends with the keyring, replaces the snapshot before the keys expire, and when a request has a
//! key id that is not in it. The keyring tells an id that the issuer has withdrawn from one that was
//! never seen. The [`RefreshSchedule`](schedule::RefreshSchedule) decides when to fetch; the
//! [`KeySource`] fetches.

mod keyring;
mod report;
mod schedule;
mod source;
mod task;
mod unavailable;
mod waiting;
mod withdrawn;

pub(crate) use self::{
    keyring::{Keyring, MissingKey, Snapshot},
    schedule::{FetchTicket, LONGEST_CACHE_TTL, RefreshSettings, SHORTEST_CACHE_TTL},
    source::KeySource,
};
