//! Whatever becomes of a valid file, it is never open by accident: not to somebody who shows nothing,
//! and not to a key that was revoked or has expired. What else a change may grant: `monotone`.

use axum::{Router, body::Body, extract::Request};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_auth::config::AuthConfig;

use super::{
    documents::{EXPIRED, REVOKED, documents},
    files::{EXAMPLES, app, example_text, ready},
};
use crate::common::oneshot::{ask, status};

/// What a mutation puts in a node's place.
fn substitutes() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(""),
        json!(" "),
        json!("x"),
        json!("*"),
        json!("none"),
        json!("None"),
        json!("null"),
        json!("false"),
        json!("jwt"),
        json!("custom"),
        json!("api_key"),
        json!("composite"),
        json!("sessions"),
        json!("/"),
        json!("/{*rest}"),
        json!("/{x}"),
        json!("${UNSET}"),
        json!("${UNSET:-}"),
        json!("${EMPTY}"),
        json!("$"),
        json!([]),
        json!([null]),
        json!([""]),
        json!([[]]),
        json!(["*"]),
        json!({}),
        json!({"enabled": true}),
        json!({"": null}),
        json!({"mode": "composite"}),
    ]
}

#[tokio::test]
async fn deleting_or_replacing_any_node_never_opens() {
    let mut built = 0_u32;
    for document in documents() {
        assert!(refuses(&document).await == Some(true), "{document}");
        for path in paths(&document) {
            for mutated in mutations(&document, &path) {
                let opened = check(&mutated).await;
                built += u32::from(opened);
            }
        }
    }
    // Else the whole test would say nothing.
    assert!(built > 100, "{built}");
}

#[tokio::test]
async fn renaming_any_member_never_opens() {
    for document in documents() {
        for path in paths(&document) {
            let Some((Step::Member(name), parent)) = path.split_last() else {
                continue;
            };
            for renamed in [
                name.to_uppercase(),
                format!("{name}s"),
                format!(" {name}"),
                name[1..].to_owned(),
                name.replace('_', "-"),
                String::new(),
            ] {
                if renamed == *name {
                    continue;
                }
                let mut mutated = document.clone();
                let members = at(&mut mutated, parent).as_object_mut().unwrap();
                let value = members.remove(name).unwrap();
                members.insert(renamed, value);
                check(&mutated).await;
            }
        }
    }
}

#[tokio::test]
async fn deleting_or_cutting_any_line_of_an_example_never_opens() {
    for name in EXAMPLES {
        let text = example_text(name);
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let value = line.find(": ").map_or(line.len(), |colon| colon + 1);
            let mut variants = vec![String::new(), format!("{line} x"), format!(" {line}")];
            for put in [
                "", " null", " ~", " []", " {}", " ''", " yes", " &a", " *a", " !!str", " |",
            ] {
                variants.push(format!("{}{put}", &line[..value]));
            }
            for variant in variants {
                let mut mutated = lines.clone();
                mutated[index] = &variant;
                check_text(name, &mutated.join("\n")).await;
            }
        }
        for end in 0..text.len() {
            check_text(name, &text[..end]).await;
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1500))]

    #[test]
    fn cutting_and_pasting_an_example_never_opens(
        name in proptest::sample::select(&EXAMPLES[..]),
        from in 0_usize..1500,
        to in 0_usize..1500,
        length in 0_usize..60,
        cut in 0_usize..30,
    ) {
        let text = example_text(name);
        let clip = |index: usize| index.min(text.len());
        let pasted = &text[clip(from)..clip(from + length)];
        let mutated = format!("{}{pasted}{}", &text[..clip(to)], &text[clip(to + cut)..]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check_text(name, &mutated));
    }
}

/// Whether the document builds; panics if it then lets somebody in who shows nothing, without
/// saying so in one of the explicit ways.
async fn check(document: &Value) -> bool {
    for (key, member) in [(REVOKED, "revoked"), (EXPIRED, "expires_at")] {
        let is_meant = is_explicit(document) || says_otherwise(document, key, member);
        assert!(
            is_meant || !lets_in(document, key).await,
            "{key} gets in: {document}"
        );
    }
    match refuses(document).await {
        None => false,
        Some(true) => true,
        Some(false) => {
            assert!(is_explicit(document), "open: {document}");
            true
        }
    }
}

/// Whether the key's record is there, and its member is not what it was.
fn says_otherwise(document: &Value, key: &str, member: &str) -> bool {
    let records = document["auth"]["api_keys"].as_array();
    let mut records = records.into_iter().flatten();
    let is_it = |record: &&Value| record["key"] == json!(key);
    match records.find(is_it).map(|record| &record[member]) {
        Some(Value::Bool(revoked)) => !revoked,
        Some(Value::String(date)) => !date.starts_with("2020"),
        Some(Value::Null) => true,
        _ => false,
    }
}

/// Whether that key gets in, where the document builds.
async fn lets_in(document: &Value, key: &str) -> bool {
    let Ok(setup) = ready(AuthConfig::from_json(document.to_string())).build() else {
        return false;
    };
    let app = app(setup.into_layer());
    let by_header = ask(&app, "POST /run", &[("x-api-key", key)]).await;
    let bearer = format!("Bearer {key}");
    let by_bearer = ask(&app, "POST /run", &[("authorization", &bearer)]).await;
    by_header.status() == 200 || by_bearer.status() == 200
}

/// Whether who shows nothing is refused; nothing where the document does not build, as YAML and as
/// JSON alike.
async fn refuses(document: &Value) -> Option<bool> {
    let text = document.to_string();
    let as_json = outcome(ready(AuthConfig::from_json(&*text))).await;
    if !is_agent(document) {
        let as_yaml = outcome(ready(AuthConfig::from_yaml(&*text))).await;
        assert_eq!(as_json, as_yaml, "{document}");
    }
    as_json
}

async fn check_text(name: &str, text: &str) {
    let config = match name.ends_with(".json") {
        true => AuthConfig::from_json(text),
        false => AuthConfig::from_yaml(text),
    };
    if outcome(ready(config)).await == Some(false) {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let explicit = ["enabled:false", "mode:none", "\"auth\":null"];
        assert!(
            explicit.iter().any(|way| plain.contains(way)),
            "open: {text}"
        );
    }
}

async fn outcome(config: AuthConfig) -> Option<bool> {
    let setup = config.build().ok()?;
    let (auth, webhooks) = setup.into_layers();
    let closed: Router = app(auth);
    let app = closed.clone().layer(webhooks);
    let code = status(&app, "POST /run").await;
    assert!(code == 200 || code == 401, "{code}");
    let mut refuses = code == 401;
    for hook in HOOKS {
        // Neither who proves nothing, nor a stranger whom Telegram vouches for, nor anybody where
        // the layer that would prove it is left out.
        refuses &= status(&app, &format!("POST {hook}")).await == 401;
        refuses &= status(&closed, &format!("POST {hook}")).await == 401;
        refuses &= ran(&app, hook).await != "43";
        refuses &= !ran(&closed, hook).await.starts_with('4');
    }
    Some(refuses)
}

/// What a handler says to a message of user 43, or the refusal.
async fn ran(app: &Router, hook: &str) -> String {
    let body = r#"{"update_id": 1, "message": {"from": {"id": 43}, "chat": {"id": 42}}}"#;
    let request = Request::post(hook)
        .header("x-telegram-bot-api-secret-token", "tg_Secret-1234567")
        .body(Body::from(body))
        .unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let said = axum::body::to_bytes(answer.into_body(), 9_999)
        .await
        .unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

const HOOKS: [&str; 2] = ["/hooks/telegram", "/hooks/github"];

fn is_explicit(document: &Value) -> bool {
    let auth = &document["auth"];
    auth.is_null()
        || auth["enabled"] == json!(false)
        || auth["mode"] == json!("none")
        || auth["enabled"] == json!("${UNSET:-false}")
}

fn is_agent(document: &Value) -> bool {
    let auth = &document["auth"];
    auth.is_null()
        || auth.is_string()
        || !auth["method"].is_null()
        || !auth["path"].is_null()
        || auth.get("method").is_some()
        || auth.get("path").is_some()
}

#[derive(Clone, Debug)]
enum Step {
    Member(String),
    Item(usize),
}

fn paths(value: &Value) -> Vec<Vec<Step>> {
    let mut found = vec![vec![]];
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (Step::Member(name.clone()), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, child)| (Step::Item(index), child))
            .collect(),
        _ => vec![],
    };
    for (step, child) in children {
        for mut path in paths(child) {
            path.insert(0, step.clone());
            found.push(path);
        }
    }
    found
}

fn at<'a>(value: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Member(name) => &mut value[name],
        Step::Item(index) => &mut value[*index],
    })
}

fn mutations(document: &Value, path: &[Step]) -> Vec<Value> {
    let mut all = vec![];
    for substitute in substitutes() {
        let mut mutated = document.clone();
        *at(&mut mutated, path) = substitute;
        all.push(mutated);
    }
    if let Some((last, parent)) = path.split_last() {
        let mut mutated = document.clone();
        match last {
            Step::Member(name) => {
                at(&mut mutated, parent)
                    .as_object_mut()
                    .unwrap()
                    .remove(name);
            }
            Step::Item(index) => {
                at(&mut mutated, parent)
                    .as_array_mut()
                    .unwrap()
                    .remove(*index);
            }
        }
        all.push(mutated);
    }
    all
}
