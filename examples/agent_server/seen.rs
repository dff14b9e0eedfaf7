//! What an operator sees of the decisions: a file with a line for each, and numbers for Prometheus.

use std::{error::Error, io, path::Path, time::Duration};

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tower_auth::{
    audit::AuditSink,
    metrics::{DECISION_DURATION, DURATION_BUCKETS},
    observe::ObserveLayer,
};

/// Opens the file of `--audit`.
pub(crate) fn open(file: &Path) -> Result<AuditSink, String> {
    AuditSink::open(file).map_err(|error| format!("--audit: the file cannot be opened: {error}"))
}

/// The app, of whose decisions the sink is told: webhooks too, which stand around or beside the layer for callers.
pub(crate) fn audited(app: Router, audit: Option<&AuditSink>) -> Router {
    match audit {
        Some(audit) => app.layer(ObserveLayer::new(audit.observers())),
        None => app,
    }
}

/// Begins a new file at each SIGHUP, as `logrotate` sends it after it has moved the old one away.
pub(crate) fn reopen_on_hangup(
    current: impl Fn() -> Option<AuditSink> + Send + 'static,
) -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut hangups = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                if let Some(audit) = current() {
                    audit.reopen();
                }
            }
        });
    }
    #[cfg(not(unix))]
    drop(current);
    Ok(())
}

/// Waits until the last lines are written.
pub(crate) async fn flush(audit: Option<AuditSink>) {
    if let Some(audit) = audit {
        let flushed = tokio::task::spawn_blocking(move || audit.flush(PATIENCE)).await;
        if !flushed.unwrap_or(false) {
            tracing::error!("the last audit lines are not written");
        }
    }
}

/// Serves `/metrics` on an address of its own: the numbers are nobody else's business.
pub(crate) async fn serve_metrics(addr: &str) -> Result<(), Box<dyn Error>> {
    let duration = Matcher::Full(DECISION_DURATION.name().into());
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(duration, &DURATION_BUCKETS)?
        .install_recorder()?;
    let listener = TcpListener::bind(addr).await.map_err(|error| {
        format!("cannot listen on {addr}: {error}; --metrics-addr HOST:PORT names another address")
    })?;
    tracing::info!(address = %listener.local_addr()?, "metrics");
    let upkeep = metrics.clone();
    let app = Router::new().route("/metrics", get(async move || rendered(&metrics)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(BETWEEN_UPKEEPS).await;
            upkeep.run_upkeep();
        }
    });
    Ok(())
}

fn rendered(metrics: &PrometheusHandle) -> ([(header::HeaderName, &'static str); 1], String) {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        metrics.render(),
    )
}

const PATIENCE: Duration = Duration::from_secs(2);
const BETWEEN_UPKEEPS: Duration = Duration::from_secs(5);
