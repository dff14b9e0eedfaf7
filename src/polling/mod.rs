//! A process's copy of what a store holds, kept current by a task that polls [12.4].
//!
//! The task asks the store every 250 ms, and sooner where the store gives a hint. Requests decide by the
//! copy. One that finds it older than a second waits for one poll, for half a second at most, and where
//! the store cannot be asked the copy counts until its stale limit.

mod ask;
mod contract;
mod feed;
mod state;
mod task;
mod wait;

pub(crate) use self::{
    ask::{StoreError, ask},
    contract::Polled,
    feed::{AT_ONCE, PAGE, STEP_LIMIT, page},
    state::{Answered, Polling, Trust},
    task::start,
    wait::{opened, polled, refreshed},
};
