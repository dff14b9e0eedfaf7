//! Other people's software for the tests: Node.js, Python and Chromium with what `tests/live` pins.
//!
//! The finders answer `None` where something is missing, after saying so; with `CI=true` they
//! panic instead, so that no test is skipped there unseen.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Long enough for a browser on a busy machine; reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that runs a script of `tests/live` with Node.js.
pub fn node(script: &str) -> Option<Command> {
    let Some(node) = in_path(&["node"]) else {
        return missing("Node.js");
    };
    if !live_dir().join("node_modules/.package-lock.json").exists() {
        return missing("the npm packages of tests/live");
    }
    Some(command(&node, script))
}

/// A command that runs a script of `tests/live` with its Python environment.
pub fn python(script: &str) -> Option<Command> {
    let python = live_dir().join(".venv/bin/python");
    if !python.exists() {
        return missing("the Python environment of tests/live");
    }
    Some(command(&python, script))
}

/// A command that a package of the Python environment of `tests/live` brought.
pub fn python_command(name: &str) -> Option<Command> {
    let command = live_dir().join(".venv/bin").join(name);
    match command.exists() {
        true => Some(Command::new(command)),
        false => missing(&format!("{name} in the Python environment of tests/live")),
    }
}

/// A command that runs a program that a test needs and `scripts/test` installs.
pub fn program(name: &str) -> Option<Command> {
    // Debian keeps servers where only root's `PATH` has them.
    let found = in_path(&[name]).or_else(|| {
        let server = Path::new("/usr/sbin").join(name);
        server.is_file().then_some(server)
    });
    match found {
        Some(program) => Some(Command::new(program)),
        None => missing(name),
    }
}

/// A file of `tests/live`.
pub fn file(name: &str) -> PathBuf {
    live_dir().join(name)
}

/// The Chromium that this machine has.
pub fn chromium() -> Option<PathBuf> {
    let found = in_path(&["chromium", "chromium-browser", "google-chrome"]);
    if found.is_none() {
        return missing("Chromium");
    }
    found
}

/// Starts a script, writes one request per line and reads its replies until it ends.
pub fn ask(command: Command, requests: &[Value]) -> Vec<Value> {
    let mut script = Script::start(command);
    let mut stdin = script.child.stdin.take().expect("stdin is piped");
    let lines: String = requests
        .iter()
        .map(|request| format!("{request}\n"))
        .collect();
    // On a thread of its own, or both sides could wait on a full pipe.
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let replies: Vec<Value> = requests.iter().map(|_| script.read()).collect();
    writer
        .join()
        .expect("the writer does not panic")
        .expect("the script reads all that it is asked");
    replies
}

/// A running script, killed when dropped.
pub struct Script {
    child: Child,
    lines: Receiver<String>,
}

impl Script {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// The next JSON line that the script prints.
    pub fn read(&self) -> Value {
        let line = self
            .lines
            .recv_timeout(PATIENCE)
            .expect("the script prints another line before it ends");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
    }

    /// Sends one request and reads its reply.
    pub fn ask(&mut self, request: &Value) -> Value {
        let stdin = self.child.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{request}").expect("the script is still running");
        self.read()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one request over a fresh connection; answers status, head and body.
///
/// `url` is `http://host:port/path`. HTTP/1.0, so that the body arrives in one piece and ends
/// with the connection.
pub fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let rest = url.strip_prefix("http://").expect("a loopback address");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut request = format!("{method} /{path} HTTP/1.0\r\nhost: {host}\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());

    let mut stream = TcpStream::connect(host).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    Reply {
        status: head[9..12].parse().expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }
}

pub fn missing<T>(what: &str) -> Option<T> {
    let line = format!("SKIPPED: {what} not found: run scripts/setup");
    assert!(env::var("CI").as_deref() != Ok("true"), "{line}");
    // Not `eprintln!`: the test runner hides what a passing test prints with it.
    let _ = writeln!(io::stderr(), "{line}");
    None
}

fn command(program: &Path, script: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(live_dir().join(script));
    command
}

fn live_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live")
}

fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}
