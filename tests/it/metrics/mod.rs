//! What is counted, and how many series there can be.

mod dashboard;
mod recorded;
mod series;
mod table;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use tower_auth::metrics::{DECISION_DURATION, DURATION_BUCKETS};

/// A recorder as an application would install it.
fn recorder() -> PrometheusRecorder {
    let duration = Matcher::Full(DECISION_DURATION.name().into());
    PrometheusBuilder::new()
        .set_buckets_for_metric(duration, &DURATION_BUCKETS)
        .unwrap()
        .build_recorder()
}

/// The series of an export, without their values.
fn series(recorder: &PrometheusRecorder) -> Vec<String> {
    let export = recorder.handle().render();
    let lines = export.lines().filter(|line| line.starts_with("tower_auth"));
    lines
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect()
}

/// The value of a series; 0 where there is none.
fn value(recorder: &PrometheusRecorder, series: &str) -> f64 {
    let export = recorder.handle().render();
    let line = export
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}
