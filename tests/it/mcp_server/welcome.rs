//! What the example prints can be pasted.

use std::process::Command;

use crate::common::{live, mcp::McpServer};

/// What the shell prints for a line; nothing where this machine has no curl.
fn paste(line: &str) -> Option<String> {
    if Command::new("curl").arg("--version").output().is_err() {
        return live::missing("curl");
    }
    let output = Command::new("sh").args(["-c", line]).output().expect("sh");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_line_to_paste_is_answered_as_its_heading_says() {
    let server = McpServer::start(&[]);
    let lines: Vec<&str> = server
        .welcome
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("curl "))
        .collect();
    let expected = [
        ("HTTP/1.1 200", "\"text\":\"hello\""),
        ("HTTP/1.1 403", "\"code\":\"forbidden\""),
        ("HTTP/1.1 401", "resource_metadata=\"http://127.0.0.1:"),
    ];
    assert_eq!(lines.len(), expected.len(), "{}", server.welcome);
    for (line, (status, says)) in lines.into_iter().zip(expected) {
        let Some(answer) = paste(line) else {
            return;
        };
        assert!(answer.starts_with(status), "{line}: {answer}");
        assert!(answer.contains(says), "{line}: {answer}");
    }
}

#[test]
fn the_metadata_stands_where_the_welcome_says() {
    let server = McpServer::start(&[]);
    let url = server.at("/.well-known/oauth-protected-resource/mcp");
    assert!(server.welcome.contains(&format!("metadata  {url}\n")));
    let document = live::http("GET", &url, &[], "").json();
    assert_eq!(document["resource"], *server.url);
}

#[test]
fn the_token_and_the_inspector_line_are_for_this_server() {
    let server = McpServer::start(&[]);
    let bearer = format!("Bearer {}", server.token());
    let answer = live::http(
        "GET",
        &server.at("/whoami"),
        &[("authorization", &bearer)],
        "",
    );
    assert_eq!(
        (answer.status, answer.json()["user_id"].as_str()),
        (200, Some("ada"))
    );
    let line = server.welcome.lines().find(|line| line.contains("npx "));
    let line = line.expect("a line for the inspector");
    assert!(
        line.contains(&server.url) && line.contains(&bearer),
        "{line}"
    );
}
