//! Ctrl-C.

use std::io::{BufRead, Read, Write};

use crate::agent_server::streams::read_to_last_chunk;
use crate::common::agent::Agent;

#[test]
fn ctrl_c_ends_it_without_a_fault() {
    let mut agent = Agent::start(&[]);
    assert_eq!(agent.get("/health", &[]).status, 200);
    agent.interrupt();
    let ended = agent.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    assert!(ended.log.contains("stopping"), "{}", ended.log);
    assert_eq!(ended.output, "");
}

#[test]
fn ctrl_c_ends_an_open_stream_properly() {
    let mut agent = Agent::start(&[]);
    let key = agent.demo_key();
    let mut stream = agent.open_stream(("x-api-key", &key), &"word ".repeat(2_000));
    let mut answer = String::new();
    while !answer.contains("event: output") {
        assert_ne!(stream.read_line(&mut answer).unwrap(), 0, "{answer}");
    }
    agent.interrupt();
    read_to_last_chunk(&mut stream, &mut answer);
    assert!(!answer.contains("event: done"), "{answer}");
    assert_eq!(agent.ended().status.code(), Some(0));
}

#[test]
fn ctrl_c_does_not_wait_for_idle_connections() {
    let mut agent = Agent::start(&[]);
    let mut kept_alive = agent.connect();
    kept_alive
        .write_all(b"GET /health HTTP/1.1\r\nhost: agent\r\n\r\n")
        .unwrap();
    let mut status = [0; 12];
    kept_alive.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    let silent = agent.connect();
    agent.interrupt();
    assert_eq!(agent.ended().status.code(), Some(0));
    drop(silent);
}

#[test]
fn ctrl_c_does_not_wait_for_ever_for_a_request_that_never_ends() {
    let mut agent = Agent::start(&[]);
    let key = agent.demo_key();
    let mut half = agent.connect();
    write!(
        half,
        "POST /run HTTP/1.1\r\nhost: agent\r\nx-api-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: 10\r\n\r\n{{"
    )
    .unwrap();
    assert_eq!(agent.get("/health", &[]).status, 200);
    agent.interrupt();
    assert_eq!(agent.ended().status.code(), Some(0));
}
