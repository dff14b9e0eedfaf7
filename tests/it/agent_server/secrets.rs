//! What the server prints and logs holds no credential, however much it logs.

use crate::agent_server::{SECRET, bearer, signed};
use crate::common::agent::Agent;
use serde_json::json;

const KEY: &str = "sk-canary-7b21d0";
const WRONG: &str = "sk-canary-wrong-44e0";
const TASK: &str = r#"{"input": "hello"}"#;

#[test]
fn no_credential_is_printed_or_logged() {
    let agent = Agent::start_with_log(&["--key", KEY, "--jwt-secret", SECRET], "trace");
    let partner = agent.partner_key();
    let token = bearer(3600);
    let expired = signed(&json!({"sub": "ada", "aud": "agent-server", "exp": 1}));
    let bearer_key = format!("Bearer {KEY}");
    let basic = format!("Basic {WRONG}");
    let doubled = format!("Bearer {WRONG}, Bearer {KEY}");

    let mut bodies = vec![];
    for header in [
        ("x-api-key", KEY),
        ("x-api-key", WRONG),
        ("authorization", &bearer_key),
        ("authorization", &token),
        ("authorization", &expired),
        ("authorization", &basic),
        ("authorization", &doubled),
        ("x-partner-key", &partner),
        ("x-partner-key", WRONG),
    ] {
        for path in [
            "/run",
            "/run/stream",
            "/hooks/public",
            "/hooks/partner",
            "/nowhere",
        ] {
            bodies.push(agent.post(path, &[header], TASK));
        }
        for path in [
            "/whoami",
            "/admin/stats",
            "/health",
            "/docs",
            "/openapi.json",
        ] {
            bodies.push(agent.get(path, &[header]));
        }
    }
    bodies.push(agent.get("/whoami", &[("x-api-key", KEY), ("x-api-key", WRONG)]));

    let welcome = agent.welcome.clone();
    let ended = agent.killed();
    assert!(ended.log.contains("TRACE"), "it logs all that it can");
    assert!(
        ended.log.contains(r#""x-api-key": Sensitive"#),
        "it logs headers: {}",
        ended.log
    );
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let given = [
        KEY.to_owned(),
        WRONG.to_owned(),
        SECRET.to_owned(),
        signature(&token),
        signature(&expired),
    ];
    for secret in &given {
        assert!(!welcome.contains(secret), "{secret} in the welcome");
        assert!(!ended.output.contains(secret), "{secret} in the output");
    }
    for secret in given.iter().chain([&partner]) {
        assert!(!ended.log.contains(secret), "{secret} in {}", ended.log);
        for reply in &bodies {
            let answer = format!("{}{}", reply.head, reply.body);
            assert!(!answer.contains(secret), "{secret} in {answer}");
        }
    }
}

#[test]
fn no_credential_of_an_address_is_logged() {
    let agent = Agent::start_with_log(&["--key", KEY], "trace");
    for path in ["/run", "/whoami", "/hooks/public", "/health", "/nowhere"] {
        let asked = format!("{path}?access_token={WRONG}&key={KEY}");
        let referrer = format!("http://agent.example{asked}");
        agent.get(&asked, &[("referer", &referrer)]);
        agent.post(&asked, &[("x-api-key", KEY)], TASK);
    }
    let log = agent.killed().log;
    assert!(log.contains(r#"path="/whoami""#), "{log}");
    for secret in [KEY, WRONG, "access_token"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn the_demo_key_is_printed_and_never_logged() {
    let agent = Agent::start_with_log(&[], "trace");
    let key = agent.demo_key();
    assert_eq!(agent.get("/whoami", &[("x-api-key", &key)]).status, 200);
    let ended = agent.killed();
    assert!(ended.log.contains("/whoami"), "{}", ended.log);
    assert!(!ended.log.contains(&key), "{}", ended.log);
}

#[test]
fn no_credential_is_logged_of_a_header_that_a_reloaded_file_names() {
    let folder = std::env::temp_dir().join(format!("tower-auth-header-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("auth.yaml");
    let keys = "auth:\n  api_keys: [{name: ada, key: sk-canary-static-1}]\n";
    std::fs::write(&file, keys).unwrap();
    let agent = Agent::start_with_log(&["--config", file.to_str().unwrap()], "trace");
    std::fs::write(
        &file,
        format!(
            "{keys}  key_store: {{url: 'sqlite:{}', prefix: sk, source: managed, header: x-agent-key}}\n",
            folder.join("keys.db").display()
        ),
    )
    .unwrap();
    let begun = std::time::Instant::now();
    while agent
        .log_so_far()
        .matches("authentication is configured")
        .count()
        < 2
    {
        assert!(begun.elapsed().as_secs() < 30, "{}", agent.log_so_far());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    agent.get("/whoami", &[("x-agent-key", WRONG)]);
    let log = agent.killed().log;
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!log.contains(WRONG), "{log}");
}
