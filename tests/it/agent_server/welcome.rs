//! What is printed at the start, and that it works when it is pasted.

use std::{fs, process::Command};

use crate::agent_server::{bearer, config::written};
use crate::common::agent::Agent;
use crate::common::live;

#[test]
fn the_printed_lines_work_when_they_are_pasted() {
    let agent = Agent::start(&[]);
    let [accepted, forbidden, refused, admin, partner] = agent.curl_lines()[..] else {
        panic!("five lines: {}", agent.welcome);
    };
    let Some(answer) = paste(accepted, &[]) else {
        return;
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let body = r#"{"output":"you said: hello","user_id":"demo"}"#;
    assert!(answer.ends_with(body), "{answer}");

    let answer = paste(forbidden, &[]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains(r#""code":"forbidden""#), "{answer}");

    let answer = paste(admin, &[]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""runs":1,"#), "{answer}");

    let answer = paste(refused, &[]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("missing_credential"), "{answer}");

    let answer = paste(partner, &[]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""from":"partner""#), "{answer}");
}

#[test]
fn the_line_for_a_given_key_takes_it_from_the_shell() {
    let agent = Agent::start(&["--key", "sk-live-9f03"]);
    let line = agent.curl_lines()[0];
    let Some(answer) = paste(line, &[("KEY", "sk-live-9f03")]) else {
        return;
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = paste(line, &[("KEY", "sk-other")]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = paste(agent.curl_lines()[1], &[("KEY", "sk-live-9f03")]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn the_line_for_a_token_takes_it_from_the_shell() {
    let agent = Agent::start(&["--jwt-secret", crate::agent_server::SECRET]);
    let token = bearer(3600)["Bearer ".len()..].to_owned();
    let Some(answer) = paste(agent.curl_lines()[0], &[("TOKEN", &token)]) else {
        return;
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""user_id":"ada""#), "{answer}");
}

/// A file's keys have the scopes that somebody wrote there.
#[test]
fn the_lines_for_a_key_of_a_file_say_what_it_needs() {
    let file = written(
        "scopes",
        "auth: {api_keys: [{name: other, key: sk-other-51c0, scopes: ['other:thing']}, \
         {name: agent, key: sk-agent-51c0, scopes: ['agents:invoke']}]}",
    );
    let agent = Agent::start(&["--config", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    let says = "accepted if the key has the scope agents:invoke:\n  curl -i ";
    assert!(agent.welcome.contains(says), "{}", agent.welcome);
    assert!(!agent.welcome.contains("accepted:"), "{}", agent.welcome);
    let [run, stats, ..] = agent.curl_lines()[..] else {
        panic!("lines: {}", agent.welcome);
    };
    for (line, key, status) in [
        (run, "sk-agent-51c0", "200"),
        (run, "sk-other-51c0", "403"),
        (stats, "sk-agent-51c0", "403"),
    ] {
        let Some(answer) = paste(line, &[("KEY", key)]) else {
            return;
        };
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{line}: {answer}"
        );
    }
}

#[test]
fn the_line_for_a_path_that_a_file_makes_public_is_not_called_accepted() {
    let keys = "api_keys: [{name: agent, key: sk-agent-51c0, scopes: ['agents:invoke']}]";
    let file = written("public", &format!("auth: {{{keys}, public_paths: [/run]}}"));
    let agent = Agent::start(&["--config", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    let says = "refused with 401, for a public path has no caller";
    assert!(agent.welcome.contains(says), "{}", agent.welcome);
    if let Some(answer) = paste(agent.curl_lines()[0], &[("KEY", "sk-agent-51c0")]) {
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
}

#[test]
fn the_docs_address_is_printed() {
    let agent = Agent::start(&[]);
    let docs = format!("{}/docs\n", agent.url);
    assert!(agent.welcome.contains(&docs), "{}", agent.welcome);
}

#[test]
fn every_run_makes_other_keys() {
    let (one, two) = (Agent::start(&[]), Agent::start(&[]));
    assert_ne!(one.demo_key(), two.demo_key());
    assert_ne!(one.admin_key(), two.admin_key());
    assert_ne!(one.partner_key(), two.partner_key());
    assert_eq!(one.demo_key().len(), "demo-".len() + 48);
}

#[test]
fn no_demo_key_is_accepted_beside_what_was_given() {
    let issuer = ["--issuer", "http://127.0.0.1:9", "--audience", "agents"];
    for options in [
        &["--key", "sk-live-9f03"][..],
        &["--jwt-secret", crate::agent_server::SECRET],
        &issuer,
    ] {
        let agent = Agent::start(options);
        assert!(!agent.welcome.contains("demo-"), "{}", agent.welcome);
        assert!(!agent.welcome.contains("admin-"), "{}", agent.welcome);
    }
}

#[test]
fn what_was_given_is_not_printed() {
    let agent = Agent::start(&[
        "--key",
        "sk-live-9f03",
        "--jwt-secret",
        crate::agent_server::SECRET,
    ]);
    assert!(!agent.welcome.contains("9f03"), "{}", agent.welcome);
    assert!(
        !agent.welcome.contains(crate::agent_server::SECRET),
        "{}",
        agent.welcome
    );
}

#[test]
fn an_address_for_every_interface_is_printed_as_one_to_call() {
    let agent = Agent::start(&["--addr", "0.0.0.0:0"]);
    assert!(agent.url.starts_with("http://127.0.0.1:"), "{}", agent.url);
    assert_eq!(agent.get("/health", &[]).status, 200);
}

/// What the shell prints for a line; nothing where this machine has no curl.
pub(crate) fn paste(line: &str, variables: &[(&str, &str)]) -> Option<String> {
    let missing = Command::new("curl").arg("--version").output().is_err();
    if missing {
        return live::missing("curl");
    }
    let output = Command::new("sh")
        .args(["-c", line])
        .envs(variables.iter().copied())
        .output()
        .expect("sh runs");
    Some(String::from_utf8(output.stdout).unwrap())
}
