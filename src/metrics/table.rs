//! The table of all metrics.

use std::fmt;

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// The last value counts.
    Gauge,
    /// A distribution.
    Histogram,
}

impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

/// A metric: what it is called and what it says.
///
/// # Example
///
/// ```
/// use tower_auth::metrics::{ALL, MetricKind};
///
/// for metric in ALL {
///     let labels = metric.labels().join(", ");
///     println!("{} ({}, {:?}) {{{labels}}}: {}", metric.name(), metric.kind(), metric.unit(), metric.help());
/// }
/// assert!(ALL.iter().any(|metric| metric.kind() == MetricKind::Histogram));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    name: &'static str,
    kind: MetricKind,
    unit: Option<metrics::Unit>,
    labels: &'static [&'static str],
    help: &'static str,
}

impl Metric {
    /// The stable name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The kind.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// The unit, if it counts no events.
    pub fn unit(&self) -> Option<&'static str> {
        self.unit.map(|unit| unit.as_str())
    }

    /// The names of the labels.
    pub fn labels(&self) -> &'static [&'static str] {
        self.labels
    }

    /// What it says, in one sentence.
    pub fn help(&self) -> &'static str {
        self.help
    }

    /// Tells a recorder what this metric says.
    pub(super) fn describe(&self, recorder: &dyn metrics::Recorder) {
        let (name, help) = (self.name.into(), self.help.into());
        match self.kind {
            MetricKind::Counter => recorder.describe_counter(name, self.unit, help),
            MetricKind::Gauge => recorder.describe_gauge(name, self.unit, help),
            MetricKind::Histogram => recorder.describe_histogram(name, self.unit, help),
        }
    }
}

macro_rules! metrics {
    ($($constant:ident = $name:literal $kind:ident $unit:expr, [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help)]
            pub const $constant: Metric = Metric {
                name: $name,
                kind: MetricKind::$kind,
                unit: $unit,
                labels: &[$($label),*],
                help: $help,
            };
        )*

        /// Every metric that this crate records.
        pub static ALL: &[Metric] = &[$($constant),*];
    };
}

const SECONDS: Option<metrics::Unit> = Some(metrics::Unit::Seconds);

metrics! {
    DECISIONS = "tower_auth_decisions_total" Counter None, ["outcome", "provider", "code"]
        "Decisions, by outcome, by the provider that answered (none where nobody did), and by the code of a refusal.";
    DECISION_DURATION = "tower_auth_decision_duration_seconds" Histogram SECONDS, ["waited"]
        "The time until an AuthLayer has decided: of every request that had to wait, and of one in 16 that had not.";
    REMEMBERED = "tower_auth_remembered_total" Counter None, ["provider"]
        "Tokens that were accepted because they had been verified before.";
    THROTTLED = "tower_auth_throttled_total" Counter None, []
        "Requests that were refused because of a limit.";
    STREAMS_ENDED = "tower_auth_streams_ended_total" Counter None, []
        "Responses that were broken off because the credential of their caller had ended.";
    KEY_SET_FETCHES = "tower_auth_key_set_fetches_total" Counter None, ["issuer", "result"]
        "Attempts to fetch the keys of an issuer, ok or failed.";
    KEY_SET_FETCHED = "tower_auth_key_set_fetched_timestamp_seconds" Gauge SECONDS, ["issuer"]
        "When the keys of an issuer were fetched last, in Unix time.";
    KEY_STORE_POLLS = "tower_auth_key_store_polls_total" Counter None, ["result"]
        "Polls of the store of managed keys, ok or failed.";
    KEY_STORE_POLLED = "tower_auth_key_store_polled_timestamp_seconds" Gauge SECONDS, []
        "When the store of managed keys answered last, in Unix time.";
    KEY_STORE_KEYS = "tower_auth_key_store_keys" Gauge None, []
        "Managed keys that this process knows.";
    REVOCATION_POLLS = "tower_auth_revocation_polls_total" Counter None, ["result"]
        "Polls of the store of revocations, ok or failed.";
    REVOCATIONS_POLLED = "tower_auth_revocations_polled_timestamp_seconds" Gauge SECONDS, []
        "When the store of revocations answered last, in Unix time.";
    REVOCATIONS = "tower_auth_revocations" Gauge None, []
        "Revocations of tokens that this process knows.";
    SHARED_STATE_QUESTIONS = "tower_auth_shared_state_questions_total" Counter None, ["result"]
        "Questions to the state that several processes share, ok or failed.";
    COUNTED_ALONE = "tower_auth_counted_alone_total" Counter None, []
        "Counts that this process made alone because the shared state did not answer.";
    AUDIT_LINES = "tower_auth_audit_lines_total" Counter None, ["result"]
        "Lines for an audit file: written, dropped because there was no room, or summed because there were too many.";
}

/// Buckets for [`DECISION_DURATION`], in seconds: from what a key takes to the longest wait.
pub const DURATION_BUCKETS: [f64; 11] = [
    0.000_001, 0.000_01, 0.000_05, 0.000_1, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0,
];
