//! The number of series, whatever callers send.

use metrics::set_default_local_recorder;
use tower_auth::{
    Access, AuthLayer,
    authorize::{Policy, by_scope},
    provider::{ApiKeyAuth, CompositeAuth, JwtAuth},
    throttle::{Attempts, Limit, Requests},
    webhook::WebhookLayer,
};

use super::{recorder, series};
use crate::common::oneshot::ask;

#[tokio::test]
async fn a_hundred_thousand_strange_requests_leave_at_most_200_series() {
    let recorder = recorder();
    let _local = set_default_local_recorder(&recorder);
    let keys = ApiKeyAuth::new(["sk-live-9f03a51d8c70"]).unwrap();
    let tokens = JwtAuth::hs256("an example secret of 32 bytes …").unwrap();
    let tokens = tokens.with_issuer("https://issuer.example.com");
    let limits = Requests::new([Limit::of_all("90000 per second".parse().unwrap())]).unwrap();
    let hook = WebhookLayer::github("a webhook's secret").unwrap();
    let route = || axum::routing::any(|| async {});
    let app = axum::Router::new()
        .route("/run/{id}", route())
        .route("/feed", route())
        .route("/hook", route().layer(hook))
        .layer(
            Policy::new(by_scope())
                .rule("/run/{id}", "graph", "invoke")
                .open("/feed"),
        )
        .layer(
            AuthLayer::new(CompositeAuth::new(keys).or(tokens))
                .access("/feed", Access::Optional)
                .public("/hook")
                .pass_preflight(true)
                .throttle_attempts(Attempts::new("100 per minute".parse().unwrap()))
                .throttle_requests(limits),
        );
    for number in 0..100_000_u32 {
        let odd = number.wrapping_mul(2_654_435_761);
        let method = ["GET", "POST", "OPTIONS", "BREW", "X-ODD"][(odd % 5) as usize];
        let path = ["/run", "/feed", "/hook", "/nowhere"][(odd / 5 % 4) as usize];
        let line = format!("{method} {path}/{odd}?q={number}");
        let line = if odd % 3 == 0 {
            format!("{method} {path}")
        } else {
            line
        };
        let credential = match odd / 7 % 6 {
            0 => format!("Bearer sk-live-{odd}"),
            1 => format!("Scheme{odd} {number}"),
            2 => format!("Bearer eyJhbGciOiJIUzI1NiIsImlzcyI6Ing{odd}.e30.{number}"),
            3 => "Bearer sk-live-9f03a51d8c70".to_owned(),
            4 => format!("Basic {odd}"),
            _ => String::new(),
        };
        let (id, agent) = (format!("r-{number}"), format!("agent {odd}"));
        let mut headers = vec![("x-request-id", &*id), ("user-agent", &*agent)];
        if !credential.is_empty() {
            headers.push(("authorization", &credential));
        }
        if odd % 11 == 0 {
            headers.extend([
                ("x-api-key", &*id),
                ("origin", &*agent),
                ("access-control-request-method", "GET"),
            ]);
        }
        ask(&app, &line, &headers).await;
    }
    let series = series(&recorder);
    assert!((10..=200).contains(&series.len()), "{}", series.len());
    let strange = ["r-", "agent", "sk-", "/run", "Scheme", "BREW"];
    let is_strange = |one: &&String| strange.iter().any(|text| one.contains(text));
    assert_eq!(series.iter().find(is_strange), None);
}
