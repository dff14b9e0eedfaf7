//! The example server as a program of its own, and what it says.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::live::{self, Reply};

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An example that cargo has built beside this test.
pub fn example(name: &str) -> Command {
    let test = env::current_exe().expect("this test is a file");
    let profile = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("tests lie in target/<profile>/deps");
    let path: PathBuf = profile
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "the example {name} is not built: run `cargo build --example {name}`, or `cargo test` \
         without --test, which builds every example"
    );
    Command::new(path)
}

/// A running server; killed when dropped.
pub struct Agent {
    child: Child,
    pub url: String,
    pub welcome: String,
    output: Option<Gathered>,
    log: Option<Gathered>,
}

/// What a server that has ended leaves behind.
pub struct Ended {
    pub status: ExitStatus,
    /// What it wrote to standard output after the welcome.
    pub output: String,
    pub log: String,
}

impl Agent {
    /// Starts it on a free port and waits until it has said all that it says.
    pub fn start(options: &[&str]) -> Self {
        Self::start_with_log(options, "info")
    }

    pub fn start_with_log(options: &[&str], log: &str) -> Self {
        Self::start_with_env(options, &[("RUST_LOG", log)])
    }

    pub fn start_with_env(options: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = example("agent_server")
            .args(["--addr", "127.0.0.1:0"])
            .args(options)
            .env("RUST_LOG", "info")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let log = gather(child.stderr.take().expect("stderr is piped"));
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut welcome = String::new();
        while !welcome.contains(LAST_LINE) {
            let read = stdout.read_line(&mut welcome).expect("it prints UTF-8");
            assert!(read > 0, "it ended after {welcome:?}");
        }
        let url = format!("http://{}", between(&welcome, "http://", ","));
        Self {
            child,
            url,
            welcome,
            output: Some(gather(stdout)),
            log: Some(log),
        }
    }

    pub fn demo_key(&self) -> String {
        format!("demo-{}", between(&self.welcome, "demo-", " "))
    }

    pub fn admin_key(&self) -> String {
        format!("admin-{}", between(&self.welcome, "admin-", " "))
    }

    pub fn partner_key(&self) -> String {
        format!("partner-{}", between(&self.welcome, "partner-", " "))
    }

    /// The `curl` lines it printed, in order.
    pub fn curl_lines(&self) -> Vec<&str> {
        let lines = self.welcome.lines().map(str::trim);
        lines.filter(|line| line.starts_with("curl")).collect()
    }

    pub fn log_so_far(&self) -> String {
        self.log.as_ref().expect("it is running").so_far()
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        live::http("GET", &format!("{}{path}", self.url), headers, "")
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let json = ("content-type", "application/json");
        let headers = [&[json], headers].concat();
        live::http("POST", &format!("{}{path}", self.url), &headers, body)
    }

    /// A connection of its own, with nothing sent yet.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.url["http://".len()..]).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request for a stream and reads up to its first event; the rest is still to come.
    pub fn open_stream(&self, credential: (&str, &str), input: &str) -> BufReader<TcpStream> {
        let mut connection = self.connect();
        let body = format!(r#"{{"input": "{input}"}}"#);
        let (name, value) = credential;
        write!(
            connection,
            "POST /run/stream HTTP/1.1\r\nhost: agent\r\n{name}: {value}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
        )
        .unwrap();
        BufReader::new(connection)
    }

    #[cfg(unix)]
    pub fn interrupt(&mut self) {
        self.signal("INT");
    }

    /// As `systemd` and containers do.
    #[cfg(unix)]
    pub fn terminate(&mut self) {
        self.signal("TERM");
    }

    /// As `logrotate` does after it has moved a file away.
    #[cfg(unix)]
    pub fn hang_up(&mut self) {
        self.signal("HUP");
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let pid = self.child.id();
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {pid}")])
            .status();
        assert!(status.expect("sh runs").success());
    }

    /// Waits for the end.
    pub fn ended(mut self) -> Ended {
        Ended {
            status: wait(&mut self.child),
            output: self.output.take().unwrap().whole(),
            log: self.log.take().unwrap().whole(),
        }
    }

    /// Ends it the hard way, to read what it logged.
    pub fn killed(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a program that ends by itself.
pub fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it does not end");
        }
        thread::yield_now();
        thread::park_timeout(Duration::from_millis(5));
    }
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before:?} stands in {text:?}"));
    let (inner, _) = rest
        .split_once(after)
        .unwrap_or_else(|| panic!("{after:?} follows in {rest:?}"));
    inner
}

/// What a program writes, read on a thread of its own, or a full pipe would stop it.
struct Gathered {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Gathered {
    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().unwrap().clone();
        String::from_utf8(bytes).expect("it prints UTF-8")
    }

    fn whole(self) -> String {
        let Self { bytes, reader } = self;
        reader.join().unwrap();
        String::from_utf8(std::mem::take(&mut bytes.lock().unwrap())).expect("it prints UTF-8")
    }
}

fn gather(source: impl Read + Send + 'static) -> Gathered {
    let bytes = Arc::new(Mutex::new(vec![]));
    let written = Arc::clone(&bytes);
    let reader = thread::spawn(move || {
        let mut source = BufReader::new(source);
        loop {
            // Whole lines, so that what there is so far is whole characters.
            let mut line = vec![];
            if source.read_until(b'\n', &mut line).unwrap() == 0 {
                return;
            }
            written.lock().unwrap().append(&mut line);
        }
    });
    Gathered { bytes, reader }
}

const LAST_LINE: &str = "-d event\n";
