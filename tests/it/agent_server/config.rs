//! A file says who may call; one with a fault never opens the port.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::agent_server::{
    SECRET,
    common::agent::{Agent, example, wait},
};

const KEY: &str = "sk-frontend-4c81";
const TASK: &str = r#"{"input": "hello"}"#;
/// What the example files and the broken ones name.
const ENV: [(&str, &str); 10] = [
    ("FRONTEND_KEY", KEY),
    ("JWT_SECRET", SECRET),
    ("JWT_SECRET_KEY", SECRET),
    ("JWT_AUDIENCE", "agent-server"),
    ("TELEGRAM_SECRET", "tg_Secret-1234567"),
    ("GITHUB_SECRET", "It's a Secret to Everybody"),
    ("ACME_SECRET", "a secret you share"),
    ("EMPTY", ""),
    ("BLANK", " "),
    ("BAD_JSON", "[{"),
];

#[test]
fn api_key_file_lets_its_keys_in() {
    let agent = start("examples/config/api_keys.yaml");
    assert_eq!(run(&agent, &[("x-api-key", KEY)]), 200);
    assert_eq!(run(&agent, &[("x-api-key", "sk-example-retired")]), 401);
    // It may call, and has no scope.
    assert_eq!(run(&agent, &[("x-api-key", "sk-example-ci")]), 403);
    assert_eq!(run(&agent, &[]), 401);
    assert_eq!(agent.post("/hooks/public", &[], "event").status, 200);
    assert_eq!(agent.get("/docs/", &[]).status, 401);
    let partner = agent.partner_key();
    let shown = [("x-partner-key", &*partner)];
    assert_eq!(agent.post("/hooks/partner", &shown, "event").status, 200);
}

#[test]
fn jwt_file_lets_tokens_in() {
    let agent = start("examples/config/jwt.yaml");
    let token = crate::agent_server::signed(&serde_json::json!({
        "sub": "ada", "aud": "agent-server", "iss": "https://issuer.example",
        "exp": jsonwebtoken::get_current_timestamp() + 60, "scope": "agents:invoke",
    }));
    assert_eq!(run(&agent, &[("authorization", &token)]), 200);
    // Without the issuer that the file names.
    assert_eq!(
        run(
            &agent,
            &[("authorization", &crate::agent_server::bearer(60))]
        ),
        401
    );
    assert_eq!(run(&agent, &[]), 401);
    assert_eq!(agent.get("/docs/", &[]).status, 200);
}

#[test]
fn composite_file_lets_either_in() {
    let agent = start("examples/config/composite.yaml");
    assert_eq!(run(&agent, &[("x-api-key", KEY)]), 200);
    assert_eq!(
        run(
            &agent,
            &[("authorization", &crate::agent_server::bearer(60))]
        ),
        200
    );
    assert_eq!(run(&agent, &[]), 401);
}

#[test]
fn oauth2_file_refuses_who_shows_nothing() {
    let agent = start("examples/config/oauth2.yaml");
    assert_eq!(run(&agent, &[]), 401);
    assert_eq!(run(&agent, &[("authorization", "Bearer x")]), 401);
}

#[test]
fn agent_file_lets_tokens_in() {
    let agent = start("examples/config/agent.json");
    assert_eq!(
        run(
            &agent,
            &[("authorization", &crate::agent_server::bearer(60))]
        ),
        200
    );
    assert_eq!(
        run(
            &agent,
            &[("authorization", &crate::agent_server::bearer(-60))]
        ),
        401
    );
    assert_eq!(run(&agent, &[]), 401);
}

#[test]
fn disabled_file_lets_everybody_in_and_says_so() {
    let agent = start("examples/config/disabled.yaml");
    assert_eq!(run(&agent, &[]), 200);
    assert!(
        agent.welcome.contains("every caller is let in"),
        "{}",
        agent.welcome
    );
    let ended = agent.killed();
    assert!(
        ended.log.contains("authentication is disabled"),
        "{}",
        ended.log
    );
}

#[test]
fn welcome_and_log_say_who_may_call_and_show_no_secret() {
    let agent = start("examples/config/composite.yaml");
    let says = "asks api_key (1 key), then jwt (HS256), then oauth2 (https://issuer.example)";
    assert!(agent.welcome.contains(says), "{}", agent.welcome);
    run(&agent, &[("x-api-key", KEY)]);
    let welcome = agent.welcome.clone();
    let ended = agent.killed();
    assert!(
        ended.log.contains("authentication is configured"),
        "{}",
        ended.log
    );
    for secret in [KEY, SECRET] {
        assert!(!welcome.contains(secret) && !ended.log.contains(secret));
    }
}

#[test]
fn every_broken_file_ends_the_server_before_it_listens() {
    // Whoever tried to listen there would say that the port is taken.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let mut count = 0;
    let folder = std::env::temp_dir().join(format!("tower-auth-{}.yaml", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let large = written("large", &"# padding\n".repeat(1_048_576));
    let unreadable = written("latin", "");
    fs::write(&unreadable, b"auth: {realm: caf\xe9}").unwrap();
    let missing = folder.join("missing.yaml");
    let hostile = [&folder, &large, &unreadable, &missing].map(Clone::clone);
    for file in broken_files().into_iter().chain(hostile) {
        let file = file.to_str().unwrap();
        let output = finished(&["--addr", &addr, "--config", file]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{file}: {said}");
        assert_eq!(output.stdout, b"", "{file}");
        assert!(
            said.starts_with(&format!("agent_server: {file} is at fault:\n")),
            "{said}"
        );
        assert!(!said.contains(&addr), "{said}");
        count += 1;
    }
    assert!(count >= 64, "{count}");
    fs::remove_dir(&folder).unwrap();
    fs::remove_file(&large).unwrap();
    fs::remove_file(&unreadable).unwrap();
    taken.set_nonblocking(true).unwrap();
    assert!(taken.accept().is_err(), "nobody called");
}

#[test]
fn check_says_what_a_good_file_comes_to() {
    let output = finished(&["--check-config", "examples/config/api_keys.yaml"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "good: asks api_key (3 keys); public: /hooks/public; limits: attempts 30 per minute\n"
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[test]
fn the_file_that_the_readme_shows_is_good() {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, after) = readme.split_once("```yaml\n").unwrap();
    let (shown, _) = after.split_once("```").unwrap();
    // Nothing in it but the place of the key depends on the machine.
    let key = written("readme-key", KEY);
    let text = shown.replace("/run/secrets/frontend", key.to_str().unwrap());
    assert_ne!(text, shown);
    let file = written("readme", &text);
    let output = finished(&["--check-config", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "good: asks api_key (1 key), then oauth2 (https://example.eu.auth0.com/); public: \
         /hooks/public; webhooks: /hooks/telegram (telegram, 1 user); limits: attempts 30 per minute\n"
    );
    fs::remove_file(&key).unwrap();
    fs::remove_file(&file).unwrap();
}

#[test]
fn check_names_webhooks() {
    let output = finished(&["--check-config", "examples/config/webhooks.yaml"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said,
        "good: asks api_key (1 key); webhooks: /hooks/telegram (telegram, 2 users), /hooks/github \
         (github), /hooks/acme (hmac); limits: attempts 30 per minute\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn check_says_what_is_wrong_with_a_bad_file() {
    let file = "tests/it/config/broken/mode_unknown.yaml";
    let output = finished(&["--check-config", file]);
    let words = fs::read_to_string(Path::new(file).with_extension("expected")).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, format!("agent_server: {file} is at fault:\n{words}"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
}

#[test]
fn check_names_what_is_weak() {
    let file = written(
        "weak",
        "auth: {jwt: {secret: x, insecure_allow_short_secret: true}}",
    );
    let output = finished(&["--check-config", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("\nweak: auth.jwt allows a short secret"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn check_names_each_key_that_may_do_everything() {
    let file = written(
        "wide",
        "auth: {api_keys: [{name: ada, key: sk-0123456789abcdef}, \
         {name: ci, key: sk-fedcba9876543210, scopes: ['agents:invoke']}]}",
    );
    let output = finished(&["--check-config", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let weak: Vec<&str> = said.lines().skip(1).collect();
    assert_eq!(weak.len(), 1, "{said}");
    assert!(
        weak[0].starts_with("weak: the API key \"ada\" has no `scopes`"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn file_and_options_that_say_the_same_are_refused() {
    let file = "examples/config/api_keys.yaml";
    for more in [
        &["--key", KEY][..],
        &["--jwt-secret", SECRET],
        &["--no-dev-docs"],
        &["--audit", "audit.jsonl"],
        &["--telegram-secret", "x", "--telegram-user", "42"],
        &["--config", file],
        &["--check-config", file],
    ] {
        let output = finished(&[&["--config", file], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("--config"), "{said}");
    }
}

#[test]
fn changed_file_is_taken_over_and_a_bad_one_is_not() {
    let with = |key: &str| {
        format!("auth: {{api_keys: [{{name: a, key: {key}, scopes: ['agents:invoke']}}]}}")
    };
    let file = written("watched", &with("sk-old"));
    let agent = start(file.to_str().unwrap());
    assert_eq!(run(&agent, &[("x-api-key", "sk-old")]), 200);
    fs::write(&file, with("sk-new")).unwrap();
    until(|| run(&agent, &[("x-api-key", "sk-new")]) == 200);
    assert_eq!(run(&agent, &[("x-api-key", "sk-old")]), 401);
    fs::write(&file, "auth: {mode: nnoe}\n").unwrap();
    until(|| agent.log_so_far().contains("the one from before stays"));
    assert_eq!(run(&agent, &[("x-api-key", "sk-new")]), 200);
    assert_eq!(run(&agent, &[]), 401);
    fs::remove_file(&file).unwrap();
}

fn start(file: &str) -> Agent {
    Agent::start_with_env(&["--config", file], &ENV)
}

fn run(agent: &Agent, headers: &[(&str, &str)]) -> u16 {
    agent.post("/run", headers, TASK).status
}

fn finished(arguments: &[&str]) -> Output {
    let mut command: Command = example("agent_server");
    let mut child = command
        .args(arguments)
        .envs(ENV)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    wait(&mut child);
    child.wait_with_output().unwrap()
}

fn broken_files() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir("tests/it/config/broken")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end != "expected"))
        .collect();
    files.sort();
    files
}

pub(crate) fn written(name: &str, text: &str) -> PathBuf {
    let name = format!("tower-auth-agent-{name}-{}.yaml", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Asks again until it holds; gives up only when something hangs.
pub(crate) fn until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "it never comes to hold");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
