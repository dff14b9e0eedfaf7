//! The documentation page of the example server, in a real browser.

use crate::common;

use std::path::{Path, PathBuf};
use std::{env, fs, process, thread};

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
fn the_instruction_of_the_page_works_as_it_is_written() {
    let agent = Agent::start(&[]);
    let asked = json!({"mode": "instructed", "paste": agent.demo_key()});
    let Some(report) = visit(&agent, asked) else {
        return;
    };
    assert_eq!(report["error"], Value::Null, "{report}");
    assert_eq!(
        report["instruction"],
        "On /docs press Authorize, paste the API key, press Enter, then Close. Open /run and press \
         Execute."
    );
    assert_eq!(report["authorized"]["status"], 200, "{report}");
    assert_eq!(answer(&report, "authorized")["user_id"], "demo");
}

#[test]
fn authorize_opens_with_the_api_key_first_and_in_view() {
    let agent = Agent::start(&[]);
    let asked = json!({"mode": "instructed", "paste": agent.demo_key()});
    let Some(report) = visit(&agent, asked) else {
        return;
    };
    let headings = report["dialog"].as_array().expect("headings");
    let first = headings[0].as_str().unwrap();
    assert!(first.starts_with("api_key"), "{report}");
    assert_eq!(headings.len(), 3, "{report}");
    assert_eq!(report["heading_in_view"], true, "{report}");
}

#[test]
fn where_only_tokens_are_accepted_the_instruction_works_with_one() {
    let secret = "0123456789abcdef0123456789abcdef";
    let agent = Agent::start(&["--jwt-secret", secret, "--audience", "agents"]);
    let exp = jsonwebtoken::get_current_timestamp() + 600;
    let claims = json!({"sub": "ada", "aud": "agents", "exp": exp, "scope": "agents:invoke"});
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    let Some(report) = visit(&agent, json!({"mode": "instructed", "paste": token})) else {
        return;
    };
    let instruction = report["instruction"].as_str().expect("an instruction");
    assert!(instruction.contains("paste the token"), "{instruction}");
    assert_eq!(report["authorized"]["status"], 200, "{report}");
    assert_eq!(answer(&report, "authorized")["user_id"], "ada");
}

#[test]
fn redoc_shows_the_routes_and_asks_nobody_else_for_anything() {
    let agent = Agent::start(&[]);
    let asked = json!({"mode": "text", "path": "/redoc", "shows": "Run the agent and read along"});
    let Some(report) = visit(&agent, asked) else {
        return;
    };
    assert_eq!(report["error"], Value::Null, "{report}");
    assert_eq!(report["page_status"], 200);
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

#[test]
fn a_key_is_made_used_rotated_and_revoked_on_the_page() {
    let folder = env::temp_dir().join(format!("docs-page-keys-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let store = format!("sqlite:{}/keys.db", folder.display());
    let agent = Agent::start(&["--key-store", &store]);
    let (_, first_key) = agent.welcome.split_once("first key").expect("a first key");
    let admin = first_key.split_whitespace().next().unwrap();
    let report = visit(&agent, json!({"mode": "keys", "api_key": admin}));
    drop(agent);
    fs::remove_dir_all(&folder).unwrap();
    let Some(report) = report else {
        return;
    };
    assert_eq!(report["error"], Value::Null, "{report}");
    for (turn, status) in [
        ("created", 201),
        ("used", 200),
        ("rotated", 201),
        ("revoked", 200),
        ("used_after", 401),
        ("successor_used", 200),
    ] {
        assert_eq!(report[turn]["status"], status, "{turn}: {report}");
    }
    assert_eq!(answer(&report, "used_after")["code"], "invalid_credential");
    assert_eq!(answer(&report, "created")["name"], "robot");
    assert_eq!(report["elsewhere"], json!([]));
    assert_eq!(report["page_errors"], json!([]));
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
