//! More lines than a disk should hold.

use axum::{Router, body::Body, routing::any};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer,
    audit::{AuditEvents, AuditSettings, AuditSink},
    authorize::{RequireScopes, authorizer_fn},
    mcp::{McpItem, McpLayer, McpNeed, ProtectedResource},
    provider::{ApiKeyAuth, ApiKeyRecord},
    throttle::{Limit, Requests},
};

use super::{Disk, KEY, flushed, keys, until};
use crate::common::oneshot::{app, ask};

/// How many decisions the lines of a file stand for.
fn told(disk: &Disk) -> (u64, u64) {
    count(disk.lines())
}

fn count(lines: impl IntoIterator<Item = Value>) -> (u64, u64) {
    let (mut own, mut summed) = (0, 0);
    for line in lines {
        match line["event"].as_str().unwrap() {
            "decision" => own += 1,
            "decisions_summed" => {
                let codes = line["codes"].as_object().unwrap().values();
                let count = line["count"].as_u64().unwrap();
                assert_eq!(
                    codes.filter_map(serde_json::Value::as_u64).sum::<u64>(),
                    count
                );
                summed += count;
            }
            other => panic!("{other}"),
        }
    }
    (own, summed)
}

#[tokio::test]
async fn strangers_have_a_thousand_lines_a_second_and_the_rest_is_summed() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run", "/open"], keys(&sink).public("/open"));
    let begun = std::time::Instant::now();
    for _ in 0..2_000 {
        ask(&app, "GET /run", &[]).await;
        ask(&app, "GET /open", &[]).await;
    }
    let seconds = begun.elapsed().as_secs() + 1;
    let is_all = || {
        let (own, summed) = told(&disk);
        own + summed == 4_000
    };
    until(is_all).await;
    let (own, summed) = told(&disk);
    assert_eq!(own + summed, 4_000);
    assert!(own <= (seconds + 1) * 1_000, "{own} in {seconds} s");
}

#[tokio::test]
async fn what_has_no_room_is_dropped_and_counted_by_a_line() {
    let disk = Disk::default();
    disk.set_room(Some(0));
    let sink = disk.start(AuditSettings::new().with_max_waiting(0));
    let app = app(["/run"], keys(&sink));
    for _ in 0..2_000 {
        let answer = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        assert_eq!(answer.status(), 200, "it is not required");
    }
    disk.set_room(None);
    let told = || -> u64 {
        let of = |line: &serde_json::Value| match line["event"].as_str() {
            Some("lines_dropped") => line["count"].as_u64().unwrap(),
            _ => 1,
        };
        disk.lines().iter().map(of).sum()
    };
    until(|| sink.flush(std::time::Duration::from_secs(20)) && told() == 2_000).await;
    flushed(&sink);
    assert_eq!(told(), 2_000);
    assert!(
        disk.text().len() < 3 * 65_536 + 1_024,
        "{}",
        disk.text().len()
    );
}

#[tokio::test]
async fn flushing_tells_what_was_summed_so_far() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    for _ in 0..3_000 {
        ask(&app, "GET /run", &[]).await;
    }
    flushed(&sink);
    let (own, summed) = told(&disk);
    assert_eq!(own + summed, 3_000);
}

#[tokio::test]
async fn strangers_are_not_let_in_where_nothing_can_be_written_and_that_is_required() {
    let disk = Disk::default();
    disk.0.lock().unwrap().hangs = true;
    let sink = disk.start(AuditSettings::new().require_written().with_max_waiting(0));
    let layer = keys(&sink).access("/feed", tower_auth::Access::Optional);
    let app = app(["/feed", "/run"], layer);
    for _ in 0..2_000 {
        ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    }
    for number in 0..3_000 {
        let answer = ask(&app, "GET /feed", &[]).await;
        // A few lines may fit still.
        assert!(answer.status() == 503 || number < 50, "{number}");
    }
    disk.0.lock().unwrap().hangs = false;
    flushed(&sink);
}

/// A caller without a scope.
fn ada(sink: &AuditSink) -> AuthLayer {
    let ada = ApiKeyRecord::new("ada", KEY).unwrap();
    let ada = ada.with_scopes(Vec::<String>::new());
    AuthLayer::new(ApiKeyAuth::new([ada]).unwrap()).observers(sink.observers())
}

#[tokio::test]
async fn callers_who_are_refused_have_sums_of_their_own() {
    let limits = Requests::new([Limit::by_caller("1 per hour".parse().unwrap())]).unwrap();
    let denied = RequireScopes::all(["agents:run"]).unwrap();
    for (with_limit, code) in [(false, "insufficient_scope"), (true, "throttled")] {
        let disk = Disk::default();
        let sink = disk.start(AuditSettings::new().with_events(AuditEvents::Refusals));
        let layer = match with_limit {
            true => ada(&sink).throttle_requests(limits.clone()),
            false => ada(&sink),
        };
        let app = Router::new()
            .route("/run", any(|| async {}).layer(denied.clone()))
            .layer(layer);
        let begun = std::time::Instant::now();
        for _ in 0..4_000 {
            ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        }
        for _ in 0..500 {
            ask(&app, "GET /run", &[]).await;
        }
        let seconds = begun.elapsed().as_secs() + 1;
        flushed(&sink);
        let of = |of: &str, code: &str| {
            count(
                disk.lines()
                    .into_iter()
                    .filter(|line| line["code"] == code || line["of"] == of),
            )
        };
        assert_eq!(of("strangers", "missing_credential"), (500, 0), "{code}");
        let (own, summed) = of("callers", code);
        assert!(own + summed >= 3_999, "{own} {summed}");
        assert!(own <= (seconds + 1) * 1_000, "{own} in {seconds} s");
    }
}

async fn send_batch(app: &Router, tools: &[String]) -> StatusCode {
    let call = |tool: &String| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool}});
    let batch = Value::from_iter(tools.iter().map(call));
    let request = Request::post("/mcp")
        .header("x-api-key", KEY)
        .header("content-type", "application/json")
        .body(Body::from(batch.to_string()));
    let answer = app.clone().oneshot(request.unwrap()).await.unwrap();
    answer.status()
}

#[tokio::test]
async fn a_refused_request_is_one_refusal_however_many_tools_it_names() {
    let resource = ProtectedResource::new("https://api.example.com/mcp").unwrap();
    let judge = authorizer_fn(|_: &AuthContext, resource: &str, _: &str| match resource {
        "tool:judged_79" => Err(AuthError::forbidden("not_yours")),
        _ => Ok(()),
    });
    let layer = McpLayer::new(&resource)
        .tool_prefix("admin_", ["admin"])
        .open_tool_prefix("open_")
        .rule(McpItem::ToolPrefix("judged_"), McpNeed::permission(judge));
    for (name, others) in [("admin_", 79), ("judged_", 0)] {
        let disk = Disk::default();
        let sink = disk.start(AuditSettings::new());
        let app = Router::new()
            .route("/mcp", any(|| async {}))
            .layer(layer.clone())
            .layer(ada(&sink));
        let mut tools: Vec<String> = (0..20).map(|number| format!("open_{number}")).collect();
        tools.extend((0..80).map(|number| format!("{name}{number}")));
        assert_eq!(send_batch(&app, &tools).await, 403);
        flushed(&sink);
        let lines = disk.lines();
        assert_eq!(lines.len(), 2, "{name}: accepted, and refused");
        assert_eq!(lines[1]["outcome"], "refused");
        assert_eq!(lines[1]["others"].as_u64().unwrap_or_default(), others);
        assert_eq!(lines[1]["user_id"], "ada");
    }
}
