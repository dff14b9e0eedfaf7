//! The audit file and the numbers of the server.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::common::{
    agent::{Agent, between},
    live,
};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("tower-auth-agent-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The outcomes in a file, once there are so many.
fn outcomes(path: &Path, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let outcome = |line: serde_json::Value| line["outcome"].as_str().unwrap().to_owned();
        let outcomes: Vec<String> = lines.map(outcome).collect();
        if outcomes.len() >= count || begun.elapsed() > Duration::from_secs(30) {
            return outcomes;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_decision_is_a_line_and_sighup_begins_a_new_file() {
    let folder = Folder::new("audit");
    let (file, moved) = (folder.0.join("audit.jsonl"), folder.0.join("audit.1"));
    let mut agent = Agent::start(&["--audit", file.to_str().unwrap()]);
    let key = agent.demo_key();
    agent.post("/run", &[("x-api-key", &key)], r#"{"input": "hello"}"#);
    agent.get("/whoami", &[]);
    assert_eq!(outcomes(&file, 2)[0], "accepted");
    assert!(!fs::read_to_string(&file).unwrap().contains(&key));
    fs::rename(&file, &moved).unwrap();
    agent.hang_up();
    let begun = Instant::now();
    while !file.exists() && begun.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(10));
    }
    agent.get("/whoami", &[]);
    assert_eq!(outcomes(&file, 1), ["refused"]);
    agent.interrupt();
    assert!(agent.ended().status.success());
}

#[test]
fn the_last_lines_are_written_before_a_sigterm_ends_it() {
    let folder = Folder::new("terminated");
    let file = folder.0.join("audit.jsonl");
    let mut agent = Agent::start(&["--audit", file.to_str().unwrap()]);
    for _ in 0..20 {
        agent.get("/whoami", &[]);
    }
    agent.terminate();
    let ended = agent.ended();
    assert!(ended.status.success(), "{}", ended.status);
    assert_eq!(outcomes(&file, 20).len(), 20);
}

#[test]
fn counts_what_was_accepted_and_shows_it_to_prometheus() {
    let agent = Agent::start(&["--metrics-addr", "127.0.0.1:0"]);
    let key = agent.demo_key();
    for _ in 0..3 {
        agent.get("/whoami", &[("x-api-key", &key)]);
    }
    let address = between(&agent.log_so_far(), "metrics address=", "\n").to_owned();
    let reply = live::http("GET", &format!("http://{address}/metrics"), &[], "");
    assert!(reply.head.contains("text/plain"), "{}", reply.head);
    let accepted =
        r#"tower_auth_decisions_total{outcome="accepted",provider="api_key",code="none"} 3"#;
    assert!(reply.body.contains(accepted), "{}", reply.body);
    assert_eq!(
        agent.get("/metrics", &[]).status,
        401,
        "it has an address of its own"
    );
}

#[test]
fn a_file_that_cannot_be_made_opens_no_port() {
    let mut server = crate::common::agent::example("agent_server");
    let server = server.args([
        "--addr",
        "127.0.0.1:0",
        "--audit",
        "/no/such/folder/a.jsonl",
    ]);
    let output = server.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("--audit") && !output.status.success(),
        "{said}"
    );
}
