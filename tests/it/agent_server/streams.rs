//! Server-sent events, and when they end.

use std::io::Read;

use serde_json::{Value, json};

use crate::agent_server::{SECRET, bearer};
use crate::common::agent::{Agent, between};

#[test]
fn a_stream_says_what_run_answers() {
    let agent = Agent::start(&[]);
    let key = agent.demo_key();
    let reply = agent.post(
        "/run/stream",
        &[("x-api-key", &key)],
        r#"{"input": "hello"}"#,
    );
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("text/event-stream"), "{}", reply.head);
    let said: Vec<&str> = reply
        .body
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("event: output\ndata: "))
        .collect();
    assert_eq!(said, ["you", "said:", "hello"]);
    let done: Value =
        serde_json::from_str(between(&reply.body, "event: done\ndata: ", "\n")).unwrap();
    assert_eq!(
        done,
        json!({"output": "you said: hello", "user_id": "demo"})
    );
}

#[test]
fn a_stream_ends_when_the_token_expires() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    let mut stream = agent.open_stream(("authorization", &bearer(3)), &"word ".repeat(2_000));
    let mut answer = String::new();
    read_to_the_cut(&mut stream, &mut answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("event: done"), "{answer}");
}

#[test]
fn a_stream_says_nothing_under_an_expired_token_that_leeway_lets_in() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    let mut stream = agent.open_stream(("authorization", &bearer(-5)), "hello");
    let mut answer = String::new();
    read_to_the_cut(&mut stream, &mut answer);
    assert!(!answer.contains("event:"), "{answer}");
}

#[test]
fn a_client_that_leaves_a_stream_disturbs_nobody() {
    let agent = Agent::start(&[]);
    let key = agent.demo_key();
    let mut stream = agent.open_stream(("x-api-key", &key), &"word ".repeat(2_000));
    stream.read_exact(&mut [0; 9]).unwrap();
    drop(stream);
    assert_eq!(agent.get("/health", &[]).status, 200);
}

/// Reads until the connection is cut: no last chunk says that this was all.
pub(crate) fn read_to_the_cut(stream: &mut impl Read, answer: &mut String) {
    stream.read_to_string(answer).expect("it is closed");
    assert!(
        !answer.ends_with("\r\n0\r\n\r\n"),
        "it looks whole: {answer}"
    );
}

/// Reads until the chunk that says "this was all"; a connection that is cut never sends it.
pub(crate) fn read_to_last_chunk(stream: &mut impl Read, answer: &mut String) {
    let mut bytes = answer.clone().into_bytes();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n0\r\n\r\n") {
        let read = stream.read(&mut byte).expect("it still sends");
        assert_eq!(read, 1, "cut: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&byte);
    }
    *answer = String::from_utf8(bytes).unwrap();
}
