//! The bound of the series where a program has many codes: it is the process's, so it has one of its own.
#![cfg(test)]

use axum::{Router, body::Body, extract::Request, routing::get};
use metrics::set_default_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt;
use tower_auth::{AuthError, AuthLayer, provider::provider_fn};

#[tokio::test]
async fn many_codes_of_the_program_leave_at_most_200_series() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _local = set_default_local_recorder(&recorder);
    for number in 0..1_000_u32 {
        let code: &'static str = format!("code_{number}").leak();
        let refuses =
            provider_fn(move |_| Err(AuthError::invalid_credential("no").with_code(code)));
        let layer = AuthLayer::new(refuses.with_credentials([]));
        let app: Router = Router::new().route("/run", get(|| async {})).layer(layer);
        let request = Request::get("/run").body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap();
    }
    let export = recorder.handle().render();
    let series = export.lines().filter(|line| line.starts_with("tower_auth"));
    assert!(series.count() <= 200);
    let other =
        r#"tower_auth_decisions_total{outcome="refused",provider="other",code="other"} 904"#;
    assert!(export.contains(other));
}
