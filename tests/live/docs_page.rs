//! The documentation page of the example server, in a real browser.

use crate::common;

use std::path::{Path, PathBuf};
use std::thread;

use common::agent::Agent;
use common::live;
use serde_json::{Value, json};

#[test]
fn authorize_then_execute_works_with_the_key() {
    let agent = Agent::start(&[]);
    let Some(report) = visit(&agent, json!({"api_key": agent.demo_key()})) else {
        return;
    };
    assert_eq!(report["error"], Value::Null, "{report}");
    assert_eq!(report["page_status"], 200);
    assert_eq!(report["anonymous"]["status"], 401);
    assert_eq!(answer(&report, "anonymous")["code"], "missing_credential");
    assert_eq!(report["authorized"]["status"], 200);
    assert_eq!(answer(&report, "authorized")["user_id"], "demo");
}

#[test]
fn authorize_then_execute_works_with_a_bearer_token() {
    let agent = Agent::start(&[]);
    let Some(report) = visit(&agent, json!({"bearer": agent.demo_key()})) else {
        return;
    };
    assert_eq!(report["error"], Value::Null, "{report}");
    assert_eq!(report["anonymous"]["status"], 401);
    assert_eq!(report["authorized"]["status"], 200);
    assert_eq!(answer(&report, "authorized")["user_id"], "demo");
}

#[test]
fn a_key_that_lacks_the_scope_is_shown_as_refused() {
    let agent = Agent::start(&[]);
    let Some(report) = visit(&agent, json!({"api_key": agent.admin_key()})) else {
        return;
    };
    assert_eq!(report["authorized"]["status"], 403, "{report}");
    assert_eq!(answer(&report, "authorized")["code"], "insufficient_scope");
}

#[test]
fn a_wrong_key_is_shown_as_refused() {
    let agent = Agent::start(&[]);
    let Some(report) = visit(&agent, json!({"api_key": "sk-wrong"})) else {
        return;
    };
    assert_eq!(report["authorized"]["status"], 401, "{report}");
    assert_eq!(answer(&report, "authorized")["code"], "invalid_credential");
}

#[test]
fn the_page_asks_nobody_else_for_anything() {
    let agent = Agent::start(&[]);
    let Some(report) = visit(&agent, json!({"api_key": agent.demo_key()})) else {
        return;
    };
    assert_eq!(report["elsewhere"], json!([]));
    assert_eq!(report["page_errors"], json!([]));
}

#[test]
fn without_dev_docs_the_page_answers_401() {
    let agent = Agent::start(&["--no-dev-docs"]);
    let Some(report) = visit(&agent, json!({"mode": "status"})) else {
        return;
    };
    assert_eq!(report["page_status"], 401, "{report}");
}

/// What the browser reports; its picture is for people to look at.
fn visit(agent: &Agent, mut request: Value) -> Option<Value> {
    let chromium = live::chromium()?;
    let script = live::node("docs_page.mjs")?;
    request["base_url"] = json!(agent.url);
    request["chromium"] = json!(chromium);
    request["body"] = json!({"input": "hello"});
    if request.get("mode").is_none() {
        request["screenshot"] = json!(picture());
    }
    live::ask(script, &[request]).pop()
}

fn answer(report: &Value, turn: &str) -> Value {
    let body = report[turn]["body"].as_str().expect("a body");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {body:?}"))
}

/// In the target folder, named after the test: tests run at the same time.
fn picture() -> PathBuf {
    let test = thread::current();
    let name = test.name().expect("a test has a name");
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"))
}
