//! Decisions as attributes of OpenTelemetry.

use axum::{Router, extract::Request, routing::any};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tower_auth::{
    AuthLayer,
    observe::Observers,
    provider::{ApiKeyAuth, ApiKeyRecord},
};
use tower_http::trace::TraceLayer;
use tracing::{field::Empty, instrument::WithSubscriber};
use tracing_subscriber::layer::SubscriberExt;

use super::KEY;
use crate::common::oneshot::ask;

/// The attributes of the span of a request, by name.
async fn attributes(key: &str) -> Vec<(String, String)> {
    let exporter = InMemorySpanExporter::default();
    let spans = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let tracer = spans.tracer("an agent server");
    let exported = tracing_opentelemetry::layer().with_tracer(tracer);
    let subscriber = tracing_subscriber::registry().with(exported);
    let of_requests = TraceLayer::new_for_http().make_span_with(|_: &Request| {
        tracing::info_span!(
            "request",
            tower_auth.outcome = Empty,
            tower_auth.provider = Empty,
            tower_auth.code = Empty,
            tower_auth.user_id = Empty,
            tower_auth.remembered = Empty,
        )
    });
    let ada = ApiKeyRecord::new("ada", KEY).unwrap();
    let auth = AuthLayer::new(ApiKeyAuth::new([ada]).unwrap());
    let app: Router = Router::new()
        .route("/run", any(|| async {}))
        .layer(auth.observers(Observers::new().record_spans()))
        .layer(of_requests);
    async {
        ask(&app, "GET /run", &[("x-api-key", key)]).await;
    }
    .with_subscriber(subscriber)
    .await;
    let finished = exporter.get_finished_spans().unwrap();
    let span = finished.iter().find(|span| span.name == "request").unwrap();
    let mut found: Vec<_> = span
        .attributes
        .iter()
        .map(|one| (one.key.to_string(), one.value.to_string()))
        .filter(|(name, _)| name.starts_with("tower_auth."))
        .collect();
    found.sort();
    found
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let name = |&(name, value): &(&str, &str)| (format!("tower_auth.{name}"), value.to_owned());
    pairs.iter().map(name).collect()
}

#[tokio::test]
async fn the_exported_span_of_an_accepted_request_has_the_decision() {
    let accepted = [
        ("outcome", "accepted"),
        ("provider", "api_key"),
        ("remembered", "false"),
        ("user_id", "ada"),
    ];
    assert_eq!(attributes(KEY).await, named(&accepted));
}

#[tokio::test]
async fn the_exported_span_of_a_refused_request_has_the_code_and_no_key() {
    let refused = [
        ("code", "invalid_credential"),
        ("outcome", "refused"),
        ("provider", "api_key"),
    ];
    assert_eq!(attributes("sk-live-wrong-one").await, named(&refused));
}
