//! `check --explain`: what a file comes to for one request [16.3].

use axum::{Router, body::Body, extract::Request};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use tower::ServiceExt;
use tower_auth::config::AuthConfig;

use crate::common::{Folder, Said};

const KEY: &str = "sk-live-9f03a51d8c70";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const HOOK_SECRET: &str = "tg_Secret-1234567";

const GATEWAY: &str = "
auth:
  realm: agents
  api_keys: [{name: ada, key: '${KEY}', scopes: ['agents:invoke']}]
  jwt: {secret: '${SECRET}', audience: agents}
  public_paths: [/hooks/public, '/assets/{*rest}']
  dev_docs: true
  max_credential_bytes: 1024
  throttle: {requests: [{quota: 1000 per minute}]}
  webhooks: [{path: /hooks/telegram, scheme: telegram, secret: '${HOOK_SECRET}', allow: everyone}]
";
const OPEN: &str = "auth: {enabled: false}";
const MCP: &str = "
auth:
  jwt: {secret: '${SECRET}', audience: 'https://api.example.com/mcp'}
  mcp:
    resource: https://api.example.com/mcp
    authorization_servers: [https://issuer.example.com]
    tools: {echo: any_caller}
";
const VARIABLES: [(&str, &str); 3] = [
    ("KEY", KEY),
    ("SECRET", SECRET),
    ("HOOK_SECRET", HOOK_SECRET),
];

fn token(audience: &str, expires_in: i64) -> String {
    let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
    let claims = json!({"sub": "bob", "aud": audience, "exp": now + expires_in, "scope": "read"});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}

/// What is shown, by name: nothing, or a header with its value.
fn credentials() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let bearer = |token: String| vec![("authorization", format!("Bearer {token}"))];
    let key = |key: &str| ("x-api-key", key.to_owned());
    vec![
        ("nothing", vec![]),
        ("key", vec![key(KEY)]),
        ("key as bearer", bearer(KEY.into())),
        ("wrong key", vec![key("sk-live-000000000000")]),
        ("two keys", vec![key(KEY), key(KEY)]),
        (
            "key and token",
            vec![
                key(KEY),
                ("authorization", format!("Bearer {}", token("agents", 600))),
            ],
        ),
        ("long key", vec![key(&"k".repeat(2000))]),
        ("token", bearer(token("agents", 600))),
        ("expired token", bearer(token("agents", -600))),
        ("token for another", bearer(token("others", 600))),
        (
            "token for the MCP server",
            bearer(token("https://api.example.com/mcp", 600)),
        ),
        (
            "hook",
            vec![("x-telegram-bot-api-secret-token", HOOK_SECRET.into())],
        ),
        ("other scheme", vec![("authorization", "Basic YTpi".into())]),
    ]
}

const REQUESTS: [&str; 16] = [
    "POST /run",
    "GET /health",
    "HEAD /health",
    "POST /health",
    "GET /docs/index.html",
    "POST /docs/index.html",
    "POST /hooks/public",
    "POST /hooks/public/",
    "POST /hooks/telegram",
    "GET /hooks/telegram",
    "POST //hooks/telegram",
    "GET /assets/app.js",
    "GET /assets/../admin",
    "GET /assets/%2e%2e/admin",
    "GET /.well-known/oauth-protected-resource/mcp",
    "OPTIONS /run",
];

fn explain(folder: &Folder, request: &str, headers: &[(&str, String)]) -> Said {
    let mut command = folder.command(&["check", "--config", "auth.yaml", "--explain", request]);
    command.envs(VARIABLES);
    for (number, (name, value)) in headers.iter().enumerate() {
        command.env(format!("SHOWN_{number}"), value);
        command.args(["--header", &format!("{name}: env:SHOWN_{number}")]);
    }
    let said = Said::from(command.output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    said
}

/// The status and, where it is a refusal, its code, as the explanation has them.
fn explained(said: &Said) -> (u16, Option<String>) {
    let answer = said
        .out
        .lines()
        .find_map(|line| line.strip_prefix("answer: "));
    let answer = answer.unwrap_or_else(|| panic!("{said:?}"));
    if answer.starts_with("it passes") {
        return (200, None);
    }
    let (status, rest) = answer.split_at(3);
    let code = rest.strip_prefix(' ').map(|rest| {
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        rest[..end].to_owned()
    });
    (status.parse().unwrap(), code)
}

/// The status and the code of a server with the layers of the file.
async fn served(app: &Router, request: &str, headers: &[(&str, String)]) -> (u16, Option<String>) {
    let (method, path) = request.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let error = response.extensions().get::<tower_auth::AuthError>();
    (
        response.status().as_u16(),
        error.map(|error| error.code().to_owned()),
    )
}

async fn compare(text: &str) -> usize {
    let folder = Folder::new();
    folder.write("auth.yaml", text);
    let mut setup = AuthConfig::from_yaml(text)
        .with_env(VARIABLES)
        .build()
        .unwrap();
    drop(setup.take_mcp());
    let (layer, webhooks) = setup.into_layers();
    let app = Router::new()
        .fallback(|| async { "ran" })
        .layer(layer)
        .layer(webhooks);
    let mut statuses = std::collections::BTreeSet::new();
    for request in REQUESTS {
        for (name, headers) in credentials() {
            let said = explain(&folder, request, &headers);
            let explained = explained(&said);
            let served = served(&app, request, &headers).await;
            assert_eq!(explained, served, "{request} with {name}: {}", said.out);
            statuses.insert(served.0);
            // What is said of the rule is what holds for whoever shows nothing.
            let rule = said
                .out
                .lines()
                .find(|line| line.starts_with("rule: "))
                .unwrap();
            if name == "nothing" {
                let is_open = rule.contains("public") && rule.contains("nobody is asked")
                    || rule.contains("everybody is let in");
                let is_metadata = request.contains("well-known") && text == MCP;
                assert_eq!(
                    is_open || is_metadata,
                    explained.0 == 200,
                    "{request}: {}",
                    said.out
                );
            }
            // A caller was accepted by a provider that is told, or by a webhook before.
            if said.out.contains("answer: it passes, as") && !rule.contains("let in") {
                let accepts = said
                    .out
                    .lines()
                    .any(|line| line.starts_with("says: ") && line.contains(" accepts "));
                assert!(accepts || rule.contains("webhook"), "{}", said.out);
            }
            for secret in headers
                .iter()
                .map(|(_, value)| value.trim_start_matches("Bearer "))
            {
                assert!(!said.out.contains(secret), "{}", said.out);
            }
        }
    }
    statuses.len()
}

#[tokio::test]
async fn a_gateway_is_explained_as_it_answers() {
    assert!(compare(GATEWAY).await >= 3);
}

#[tokio::test]
async fn an_open_file_is_explained_as_it_answers() {
    compare(OPEN).await;
}

#[tokio::test]
async fn a_server_of_mcp_is_explained_as_it_answers() {
    assert_eq!(compare(MCP).await, 2);
}

#[test]
fn an_explanation_says_the_rule_the_places_and_why() {
    let folder = Folder::new();
    folder.write("auth.yaml", GATEWAY);
    let mut command = folder.command(&["check", "--config", "auth.yaml", "--explain", "POST /run"]);
    command.envs(VARIABLES).env("SHOWN", "sk-live-000000000000");
    command.args(["--credential", "env:SHOWN"]);
    let said = Said::from(command.output().unwrap());
    let explained: Vec<_> = said
        .out
        .lines()
        .skip_while(|line| !line.starts_with("request:"))
        .collect();
    assert_eq!(
        explained,
        [
            "request: POST /run",
            "rule: none counts for this path and method, so a credential is required",
            "send: api_key reads X-API-Key, or Authorization: Bearer",
            "send: jwt reads Authorization: Bearer",
            "limit: caller 1000 per minute",
            "shown: Authorization: Bearer",
            "says: api_key refuses: invalid_credential (api_key_unknown)",
            "says: jwt refuses: invalid_credential (jwt_not_three_parts)",
            "answer: 401 invalid_credential (api_key_unknown), the credential is not valid",
            "challenge: Bearer realm=\"agents\", error=\"invalid_token\", \
             error_description=\"the credential is not valid\"",
        ],
        "{}",
        said.out
    );
}

#[test]
fn a_credential_comes_from_standard_input_a_variable_or_a_file() {
    let folder = Folder::new();
    folder.write("auth.yaml", &GATEWAY.replace("${KEY}", KEY));
    folder.write("key", &format!("{KEY}\n"));
    let base = [
        "check",
        "--config",
        "auth.yaml",
        "--explain",
        "POST /run",
        "--credential",
    ];
    for (from, input) in [("env:KEY", ""), ("file:key", ""), ("-", KEY)] {
        let mut command = folder.command(&[&base[..], &[from]].concat());
        command.envs(VARIABLES).stdin(std::process::Stdio::piped());
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        let said = Said::from(child.wait_with_output().unwrap());
        assert!(
            said.out
                .contains("answer: it passes, as \"ada\" (api_key), scopes agents:invoke"),
            "{said:?}"
        );
        assert!(!said.out.contains(KEY));
    }
}

/// Whoever reads `/proc/PID/cmdline` or a shell's history reads no credential.
#[test]
fn a_credential_on_the_command_line_is_refused_and_not_repeated() {
    let folder = Folder::new();
    folder.write("auth.yaml", GATEWAY);
    let base = ["check", "--config", "auth.yaml", "--explain", "POST /run"];
    let bearer = format!("Authorization: Bearer {KEY}");
    let header = format!("X-API-Key: {KEY}");
    let cookie = format!("cookie: session={KEY}");
    let hook = format!("X-Telegram-Bot-Api-Secret-Token: {KEY}");
    let missing = format!("env:{KEY}");
    let file = format!("file:{KEY}");
    for shown in [
        ["--credential", KEY],
        ["--credential", &missing],
        ["--credential", &file],
        ["--header", &bearer],
        ["--header", &header],
        ["--header", &cookie],
        ["--header", &hook],
        ["--header", KEY],
    ] {
        let mut command = folder.command(&[&base[..], &shown].concat());
        let said = Said::from(command.envs(VARIABLES).output().unwrap());
        assert!(matches!(said.code, Some(1 | 2)), "{said:?}");
        assert!(!(said.out + &said.err).contains(KEY), "{shown:?}");
    }
    let query = format!("POST /run?key={KEY}");
    let said = folder
        .command(&["check", "--config", "auth.yaml", "--explain", &query])
        .envs(VARIABLES)
        .output();
    let said = Said::from(said.unwrap());
    assert_eq!(said.code, Some(2));
    assert!(!(said.out + &said.err).contains(KEY));
}

#[test]
fn a_file_at_fault_explains_nothing() {
    let folder = Folder::new();
    folder.write("auth.yaml", "auth: {mode: jtw}");
    let said = folder.run(&["check", "--config", "auth.yaml", "--explain", "POST /run"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
}

#[test]
fn a_key_store_that_cannot_be_asked_is_told_so_and_not_made() {
    let folder = Folder::new();
    folder.write(
        "auth.yaml",
        "auth: {key_store: {url: 'sqlite:no.db', prefix: sk_live}}",
    );
    let mut command = folder.command(&["check", "--config", "auth.yaml", "--explain", "POST /run"]);
    command.args(["--credential", "env:SHOWN"]);
    command.env("SHOWN", "sk_live_0000000000000000000000000000000000");
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!folder.path().join("no.db").exists());
    let answer = said
        .out
        .lines()
        .find(|line| line.starts_with("answer: "))
        .unwrap();
    assert!(
        answer.starts_with("answer: 503") || answer.starts_with("answer: 401"),
        "{answer}"
    );
}

/// Nothing was served, so nothing is told of it, and whoever checks a file may be another user than the
/// server, which could not write into a file of theirs.
#[test]
fn an_explanation_writes_no_audit_line() {
    let folder = Folder::new();
    folder.write(
        "auth.yaml",
        "auth: {api_keys: [{name: ada, key: '${KEY}'}], audit: {file: audit.jsonl}}",
    );
    for _ in 0..20 {
        let headers = [("x-api-key", KEY.to_owned())];
        assert_eq!(explained(&explain(&folder, "POST /run", &headers)).0, 200);
    }
    assert!(!folder.path().join("audit.jsonl").exists());
}

#[test]
fn an_explanation_spends_no_credit() {
    let folder = Folder::new();
    let made = folder.make("ci", &["--credits", "1"]);
    folder.write(
        "auth.yaml",
        "auth: {key_store: {url: 'sqlite:keys.db', prefix: sk}}",
    );
    let headers = [("x-api-key", crate::common::text(&made, "key").to_owned())];
    for _ in 0..2 {
        let said = explain(&folder, "POST /run", &headers);
        assert_eq!(explained(&said).0, 200, "{}", said.out);
    }
}
