//! Without feature `metrics` nothing is recorded.
#![allow(dead_code, reason = "without a feature nobody tells of what it has")]

#[inline]
pub(crate) fn decided(_: &'static str, _: &'static str, _: &'static str) {}

#[inline]
pub(crate) fn remembered(_: &'static str) {}

#[inline]
pub(crate) fn stream_ended() {}

#[inline]
pub(crate) fn throttled() {}

#[inline]
pub(crate) fn key_set_fetched(_: &str, _: bool) {}

#[inline]
pub(crate) fn key_store_polled(_: Option<usize>) {}

#[inline]
pub(crate) fn revocations_polled(_: Option<usize>) {}

#[inline]
pub(crate) fn shared_state_asked(_: bool) {}

#[inline]
pub(crate) fn counted_alone() {}

#[inline]
pub(crate) fn audited(_: &'static str, _: u64) {}

pub(crate) const WRITTEN: &str = "written";
pub(crate) const DROPPED: &str = "dropped";
pub(crate) const SUMMED: &str = "summed";

/// Measures nothing.
pub(crate) struct Timer;

impl Timer {
    #[inline]
    pub(crate) fn start() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn start_to_wait() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn stop(&mut self) {}
}
