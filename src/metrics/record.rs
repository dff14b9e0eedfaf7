//! What happens rarely: each record looks its series up.
#![allow(dead_code, reason = "without a feature nobody tells of what it has")]

use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Key, Label, Level, Metadata, Recorder, SharedString, with_recorder};

use super::{
    bounds::{Known, OTHER},
    table::{
        ALL, AUDIT_LINES, COUNTED_ALONE, KEY_SET_FETCHED, KEY_SET_FETCHES, KEY_STORE_KEYS,
        KEY_STORE_POLLED, KEY_STORE_POLLS, Metric, REVOCATION_POLLS, REVOCATIONS,
        REVOCATIONS_POLLED, SHARED_STATE_QUESTIONS, STREAMS_ENDED, THROTTLED,
    },
};
use crate::clock::Clock;

pub(crate) fn stream_ended() {
    add(&STREAMS_ENDED, Vec::new());
}

pub(crate) fn throttled() {
    add(&THROTTLED, Vec::new());
}

/// An attempt to fetch the keys of an issuer.
pub(crate) fn key_set_fetched(issuer: &str, is_ok: bool) {
    static ISSUERS: Known<String> = Known::new();
    let is_known = ISSUERS.admits(
        issuer,
        MAX_ISSUERS,
        |one, other| one == other,
        str::to_owned,
    );
    let issuer = match is_known {
        true => issuer,
        false => OTHER,
    };
    let issuer = || Label::new("issuer", issuer.to_owned());
    add(&KEY_SET_FETCHES, vec![issuer(), result(is_ok)]);
    if is_ok {
        set(&KEY_SET_FETCHED, vec![issuer()], now());
    }
}

/// A poll of the store of managed keys, and how many keys are known where it answered.
pub(crate) fn key_store_polled(keys: Option<usize>) {
    polled(keys, &KEY_STORE_POLLS, &KEY_STORE_POLLED, &KEY_STORE_KEYS);
}

/// A poll of the store of revocations, and how many are known where it answered.
pub(crate) fn revocations_polled(entries: Option<usize>) {
    polled(
        entries,
        &REVOCATION_POLLS,
        &REVOCATIONS_POLLED,
        &REVOCATIONS,
    );
}

fn polled(entries: Option<usize>, polls: &Metric, at: &Metric, known: &Metric) {
    add(polls, vec![result(entries.is_some())]);
    if let Some(entries) = entries {
        set(at, Vec::new(), now());
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53")]
        set(known, Vec::new(), entries as f64);
    }
}

pub(crate) fn shared_state_asked(is_ok: bool) {
    add(&SHARED_STATE_QUESTIONS, vec![result(is_ok)]);
}

pub(crate) fn counted_alone() {
    add(&COUNTED_ALONE, Vec::new());
}

/// Lines of an audit file: [`WRITTEN`], [`DROPPED`] or [`SUMMED`].
pub(crate) fn audited(result: &'static str, lines: u64) {
    let labels = vec![Label::from_static_parts("result", result)];
    add_many(&AUDIT_LINES, labels, lines);
}

fn result(is_ok: bool) -> Label {
    let result = match is_ok {
        true => "ok",
        false => "failed",
    };
    Label::from_static_parts("result", result)
}

fn add(metric: &Metric, labels: Vec<Label>) {
    add_many(metric, labels, 1);
}

fn add_many(metric: &Metric, labels: Vec<Label>, count: u64) {
    let key = key(metric, labels);
    with_recorder(|recorder| {
        describe_all(recorder);
        recorder.register_counter(&key, &METADATA).increment(count);
    });
}

fn set(metric: &Metric, labels: Vec<Label>, value: f64) {
    let key = key(metric, labels);
    with_recorder(|recorder| recorder.register_gauge(&key, &METADATA).set(value));
}

/// In Unix time.
fn now() -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 seconds")]
    let now = Clock::SYSTEM.now() as f64;
    now
}

pub(super) fn key(metric: &Metric, labels: Vec<Label>) -> Key {
    Key::from_parts(SharedString::const_str(metric.name()), labels)
}

/// Tells a recorder once what each metric says.
pub(super) fn describe_all(recorder: &dyn Recorder) {
    static DESCRIBED: AtomicUsize = AtomicUsize::new(0);
    let address = address(recorder);
    if DESCRIBED.swap(address, Ordering::Relaxed) != address {
        ALL.iter().for_each(|metric| metric.describe(recorder));
    }
}

pub(super) fn address(recorder: &dyn Recorder) -> usize {
    std::ptr::from_ref(recorder).cast::<()>().addr()
}

pub(super) static METADATA: Metadata<'static> =
    Metadata::new("tower_auth", Level::INFO, Some("tower_auth"));
pub(crate) const WRITTEN: &str = "written";
pub(crate) const DROPPED: &str = "dropped";
pub(crate) const SUMMED: &str = "summed";
const MAX_ISSUERS: usize = 8;
