//! What the example prints can be pasted.

use std::{fs, process::Command};

use crate::common::{live, mcp::McpServer};

/// What the shell prints for lines; nothing where this machine has no curl.
fn paste(lines: &str, token: &str) -> Option<String> {
    if Command::new("curl").arg("--version").output().is_err() {
        return live::missing("curl");
    }
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", lines]).env("TOKEN", token).output();
    let output = output.expect("sh");
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
        let Some(answer) = paste(line, "") else {
            return;
        };
        assert!(answer.starts_with(status), "{line}: {answer}");
        assert!(answer.contains(says), "{line}: {answer}");
    }
}

#[test]
fn the_three_checks_of_the_guide_are_answered_as_it_says() {
    let guide = fs::read_to_string("docs/mcp.md").unwrap();
    let (_, after) = guide.split_once("```sh\n").unwrap();
    let (checks, _) = after.split_once("```").unwrap();
    let server = McpServer::start(&[]);
    let checks = checks.replace("https://api.example.com", &server.at(""));
    let Some(said) = paste(&checks, server.token()) else {
        return;
    };
    let (first, rest) = said.split_once("{\"resource\"").expect("metadata");
    assert!(first.starts_with("HTTP/1.1 401"), "{said}");
    let metadata = server.at("/.well-known/oauth-protected-resource/mcp");
    assert!(
        first.contains(&format!("resource_metadata=\"{metadata}\"")),
        "{said}"
    );
    let (second, third) = rest.split_once("HTTP/1.1 200").expect("an answer");
    assert!(second.contains("authorization_servers"), "{said}");
    let result =
        "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"2025-11-25\"";
    assert!(third.contains(result), "{said}");
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
