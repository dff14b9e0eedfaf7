//! Guesses are stopped unasked; more is limited as the command line says.

use crate::agent_server::common::agent::{Agent, example};

const KEY: &str = "sk-frontend-4c81";
const OTHER_KEY: &str = "sk-nightly-52aa90e3";

fn whoami(agent: &Agent, key: &str) -> u16 {
    agent.get("/whoami", &[("x-api-key", key)]).status
}

#[test]
fn guesses_are_stopped_after_thirty_and_a_known_key_goes_on() {
    let agent = Agent::start(&["--key", KEY, "--key", OTHER_KEY]);
    assert_eq!(whoami(&agent, KEY), 200);
    let statuses: Vec<u16> = (0..40)
        .map(|number| whoami(&agent, &format!("guess-{number}")))
        .collect();
    let judged = statuses.iter().filter(|status| **status == 401).count();
    // One comes back every two seconds.
    assert!((30..=34).contains(&judged), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(whoami(&agent, KEY), 200);
    assert_eq!(agent.get("/health", &[]).status, 200);
    // The partner's way in is counted with the others.
    assert_eq!(
        agent
            .post("/hooks/partner", &[("x-partner-key", "guess")], "event")
            .status,
        429
    );
}

#[test]
fn the_command_line_says_how_many_attempts_and_requests() {
    let options = [
        "--key",
        KEY,
        "--max-attempts",
        "2",
        "--requests",
        "3/60m",
        "--requests",
        "100/h",
    ];
    let agent = Agent::start(&options);
    for status in [401, 401, 429] {
        assert_eq!(whoami(&agent, "guess"), status);
    }
    // The key was never seen from here.
    assert_eq!(whoami(&agent, KEY), 429);
    let agent = Agent::start(&options);
    for status in [200, 200, 200, 429] {
        assert_eq!(whoami(&agent, KEY), status);
    }
}

#[test]
fn a_proxy_on_the_command_line_is_believed() {
    let agent = Agent::start(&[
        "--key",
        KEY,
        "--max-attempts",
        "1",
        "--trusted-proxy",
        "127.0.0.0/8",
    ]);
    let guess = |client: &str| {
        let headers = [("x-api-key", "guess"), ("x-forwarded-for", client)];
        agent.get("/whoami", &headers).status
    };
    assert_eq!(guess("203.0.113.7"), 401);
    assert_eq!(guess("203.0.113.7"), 429);
    assert_eq!(guess("203.0.113.8"), 401);
    assert_eq!(guess("9.9.9.9, 203.0.113.8"), 429);
}

#[test]
fn limits_that_cannot_be_are_refused_in_one_line() {
    let file = "examples/config/api_keys.yaml";
    for (arguments, says) in [
        (&["--max-attempts", "0"][..], "such as 30"),
        (&["--max-attempts", "many"], "such as 30"),
        (&["--requests", "10"], "100/60s"),
        (&["--requests", "0/60s"], "1 or more"),
        (&["--trusted-proxy", "0.0.0.0/0"], "10.0.0.0/8"),
        (&["--trusted-proxy", "proxy"], "10.0.0.0/8"),
        (&["--config", file, "--max-attempts", "3"], "auth.throttle"),
        (&["--config", file, "--requests", "3/60s"], "auth.throttle"),
        (
            &["--config", file, "--shared", "redis://127.0.0.1:1"],
            "auth.shared",
        ),
        (
            &["--config", file, "--trusted-proxy", "10.0.0.0/8"],
            "auth.throttle",
        ),
    ] {
        let output = example("agent_server").args(arguments).output().unwrap();
        let fault = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            fault.contains(says) && fault.lines().count() == 1,
            "{fault}"
        );
    }
}

#[test]
fn a_state_that_cannot_be_opened_is_told_in_one_line_without_a_password() {
    for (url, says) in [
        (
            "redis://app:canary-5d3e@127.0.0.1:1",
            "the server cannot be reached",
        ),
        (
            "postgres://app:canary-5d3e@127.0.0.1:1/counts",
            "the server cannot be reached",
        ),
        (
            "etcd://app:canary-5d3e@localhost",
            "write one of `postgres:`",
        ),
        ("canary-5d3e", "write `redis://host:6379`"),
    ] {
        let output = example("agent_server")
            .args(["--shared", url])
            .output()
            .unwrap();
        let fault = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{url}");
        assert!(
            fault.contains(says) && fault.lines().count() == 1,
            "{url}: {fault}"
        );
        assert!(!fault.contains("canary"), "{fault}");
    }
}
