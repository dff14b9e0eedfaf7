//! Keys in a store: the first one is printed, and the API makes and revokes the others.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tower_auth::keys::{KeyRequest, ManagedKeys};
use tower_auth_sqlite::SqliteKeyStore;

use super::{options::refused, streams::read_to_the_cut, welcome::paste};
use crate::common::agent::{Agent, example};

/// A folder of a test's own. It goes with the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("agent-server-keys-{}-{count}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}/keys.db", self.0.display())
    }

    pub(super) fn server(&self) -> Agent {
        Agent::start(&["--key-store", &self.url()])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn first_key(agent: &Agent) -> Option<String> {
    let line = agent
        .welcome
        .lines()
        .find(|line| line.contains("first key"))?;
    line.split_whitespace().nth(2).map(str::to_owned)
}

pub(super) fn run_with(agent: &Agent, key: &str) -> u16 {
    let reply = agent.post("/run", &[("x-api-key", key)], r#"{"input": "hello"}"#);
    reply.status
}

pub(super) fn post(agent: &Agent, key: &str, path: &str, body: Value) -> (u16, Value) {
    let reply = agent.post(path, &[("x-api-key", key)], &body.to_string());
    (reply.status, reply.json())
}

fn get_keys(agent: &Agent, key: &str) -> (u16, Value) {
    let reply = agent.get("/keys", &[("x-api-key", key)]);
    (reply.status, reply.json()["keys"].clone())
}

#[test]
fn the_first_start_prints_a_key_and_the_second_does_not() {
    let folder = Folder::new();
    let agent = folder.server();
    let key = first_key(&agent).expect("a first key");
    assert_eq!(run_with(&agent, &key), 200);
    drop(agent);
    let agent = folder.server();
    assert_eq!(first_key(&agent), None);
    assert!(
        agent.welcome.contains("$KEY, one of the key store's"),
        "{}",
        agent.welcome
    );
    assert_eq!(run_with(&agent, &key), 200);
}

/// Nobody else has the key, so a start that fails afterwards would lose it.
#[test]
fn a_start_that_fails_makes_no_first_key() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    for other in [["--addr", addr.as_str()], ["--jwt-secret", "short"]] {
        refused(&["--key-store", &folder.url(), other[0], other[1]]);
    }
    assert!(first_key(&folder.server()).is_some());
}

#[test]
fn a_first_key_that_nobody_can_read_is_taken_back() {
    let folder = Folder::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let server = example("agent_server")
        .args(["--addr", "127.0.0.1:0", "--key-store", &folder.url()])
        .stdout(full.unwrap())
        .output();
    let said = String::from_utf8(server.unwrap().stderr).unwrap();
    assert!(said.contains("the first key was taken back"), "{said}");
    assert!(first_key(&folder.server()).is_some());
}

#[test]
fn the_keys_of_a_store_keep_their_prefix() {
    let folder = Folder::new();
    let key = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SqliteKeyStore::open_or_create(folder.0.join("keys.db")).await;
        let keys = ManagedKeys::new(store.unwrap(), "sk_live").unwrap();
        let request = KeyRequest::new("robot").with_scopes(["agents:invoke"]);
        let made = keys.as_operator("ada").create(request).await.unwrap();
        made.secret().unwrap().expose().to_owned()
    });
    assert!(key.starts_with("sk_live_"));
    assert_eq!(run_with(&folder.server(), &key), 200);
}

/// As the command line does with `--first-admin`. [12.5]
#[test]
fn a_first_key_is_made_where_no_live_key_may_write_keys() {
    let folder = Folder::new();
    let agent = folder.server();
    let first = first_key(&agent).expect("nobody has one");
    let (_, listed) = get_keys(&agent, &first);
    let at = format!("/keys/{}/revoke", listed[0]["id"].as_str().unwrap());
    let request = json!({"name": "robot", "scopes": ["agents:invoke"]});
    let (status, robot) = post(&agent, &first, "/keys", request);
    assert_eq!(status, 201);
    assert_eq!(post(&agent, &first, &at, json!({})).0, 200);
    drop(agent);

    let agent = folder.server();
    let next = first_key(&agent).expect("only the robot has a key");
    assert_eq!(run_with(&agent, &next), 200);
    assert_eq!(run_with(&agent, &first), 401);
    assert_eq!(run_with(&agent, robot["key"].as_str().unwrap()), 200);
    drop(agent);
    assert_eq!(first_key(&folder.server()), None);
}

#[test]
fn of_servers_that_start_at_once_one_makes_the_key() {
    let folder = Folder::new();
    let servers: Vec<Agent> = thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(|| folder.server())).collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    let keys: Vec<_> = servers.iter().filter_map(first_key).collect();
    assert_eq!(keys.len(), 1);
    // The others hear of it from the store.
    for server in &servers {
        comes_to(server, &keys[0], 200);
    }
}

#[test]
fn a_key_is_made_used_rotated_and_revoked_on_two_servers() {
    let folder = Folder::new();
    let (one, other) = (folder.server(), folder.server());
    let admin = first_key(&one).unwrap();
    let request = json!({"name": "robot", "scopes": ["agents:invoke"]});
    let (status, made) = post(&one, &admin, "/keys", request);
    assert_eq!(status, 201);
    let key = made["key"].as_str().unwrap();
    comes_to(&other, key, 200);

    let at = format!("/keys/{}", made["id"].as_str().unwrap());
    let (_, next) = post(
        &one,
        &admin,
        &format!("{at}/rotate"),
        json!({"overlap": "1h"}),
    );
    comes_to(&other, next["key"].as_str().unwrap(), 200);
    post(&one, &admin, &format!("{at}/revoke"), json!({}));
    assert_eq!(run_with(&one, key), 401);
    comes_to(&other, key, 401);
    assert_eq!(run_with(&other, next["key"].as_str().unwrap()), 200);
}

/// A connection that listens to the events with that key, after the first comment.
fn listen(agent: &Agent, key: &str) -> BufReader<TcpStream> {
    let mut connection = agent.connect();
    let head = format!("GET /events HTTP/1.1\r\nhost: agent\r\nx-api-key: {key}\r\n\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    let mut stream = BufReader::new(connection);
    reads_to(&mut stream, ": listening as api_key");
    stream
}

/// Reads lines up to one with that text.
fn reads_to(stream: &mut impl BufRead, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        let read = stream.read_line(&mut line).expect("it still sends");
        assert!(read > 0, "it was cut before {text:?}");
    }
}

#[test]
fn a_revoked_key_has_its_streams_broken_off_on_two_servers_and_no_other_has() {
    let folder = Folder::new();
    let (one, other) = (folder.server(), folder.server());
    let admin = first_key(&one).unwrap();
    let made = |name: &str| {
        let request = json!({"name": name, "scopes": ["agents:invoke"]});
        let (status, made) = post(&one, &admin, "/keys", request);
        assert_eq!(status, 201);
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        comes_to(&other, &text("key"), 200);
        (text("key"), text("id"))
    };
    let ((lost, lost_id), (kept, _)) = (made("lost"), made("kept"));
    let mut ends = [listen(&one, &lost), listen(&other, &lost)];
    let mut run = one.open_stream(("x-api-key", &lost), &"word ".repeat(2_000));
    reads_to(&mut run, "event: output");
    let mut goes_on = [listen(&one, &kept), listen(&other, &kept)];

    post(&one, &admin, &format!("/keys/{lost_id}/revoke"), json!({}));
    let since = Instant::now();
    for stream in ends.iter_mut().chain([&mut run]) {
        read_to_the_cut(stream, &mut String::new());
    }
    // That it is a second, `streams` shows with a clock of its own; a busy machine needs more.
    assert!(
        since.elapsed() < Duration::from_secs(30),
        "{:?}",
        since.elapsed()
    );
    for stream in &mut goes_on {
        reads_to(stream, ": still here");
    }
}

/// A change holds on another server within a second; a busy machine may need longer.
fn comes_to(agent: &Agent, key: &str, status: u16) {
    let since = Instant::now();
    while run_with(agent, key) != status {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "{status} never comes"
        );
        thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn the_printed_lines_work_when_they_are_pasted() {
    let folder = Folder::new();
    let agent = folder.server();
    let [accepted, forbidden, refused, makes, partner] = agent.curl_lines()[..] else {
        panic!("five lines: {}", agent.welcome);
    };
    for (line, status) in [
        (accepted, "200"),
        (forbidden, "403"),
        (refused, "401"),
        (makes, "201"),
        (partner, "200"),
    ] {
        let Some(answer) = paste(line, &[]) else {
            return;
        };
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{line}: {answer}"
        );
    }
    let key = first_key(&agent).unwrap();
    drop(agent);
    let agent = folder.server();
    let answer = paste(agent.curl_lines()[3], &[("KEY", &key)]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn it_stands_beside_other_credentials() {
    let folder = Folder::new();
    let url = folder.url();
    let agent = Agent::start(&[
        "--key-store",
        &url,
        "--key",
        "sk-live-9f03a51d8c70",
        "--jwt-secret",
        super::SECRET,
    ]);
    assert_eq!(run_with(&agent, &first_key(&agent).unwrap()), 200);
    assert_eq!(run_with(&agent, "sk-live-9f03a51d8c70"), 200);
    assert_eq!(run_with(&agent, "sk-live-other"), 401);
    let token = super::bearer(600);
    let reply = agent.get("/whoami", &[("authorization", &token)]);
    assert_eq!(reply.status, 200);
    // A token without the scopes administers nothing.
    assert_eq!(agent.get("/keys", &[("authorization", &token)]).status, 403);
}

#[test]
fn the_api_is_in_the_document_and_behind_the_layer() {
    let folder = Folder::new();
    let agent = folder.server();
    let document = agent.get("/openapi.json", &[]).json();
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/run",
        "/keys",
        "/keys/import",
        "/keys/{key_id}",
        "/keys/{key_id}/rotate",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert_eq!(agent.get("/keys", &[]).status, 401);
    assert_eq!(agent.get("/keys/x", &[]).status, 401);
    let without = Agent::start(&[]);
    let key = without.demo_key();
    assert_eq!(without.get("/keys", &[("x-api-key", &key)]).status, 404);
}

#[test]
fn no_key_of_the_store_is_logged() {
    let folder = Folder::new();
    let url = folder.url();
    let agent = Agent::start_with_log(&["--key-store", &url], "trace");
    let admin = first_key(&agent).unwrap();
    let request = json!({"name": "robot", "scopes": ["agents:invoke"]});
    let (_, made) = post(&agent, &admin, "/keys", request);
    let key = made["key"].as_str().unwrap().to_owned();
    assert_eq!(run_with(&agent, &key), 200);
    let ended = agent.killed();
    for key in [&admin, &key] {
        assert!(!ended.log.contains(&key[..12]), "{}", ended.log);
        assert!(!ended.output.contains(&key[..12]));
    }
    assert!(ended.log.contains("/keys"));
}
