//! Servers that the tests start: PostgreSQL and pgbouncer, on free ports of the loopback address, in
//! folders of their own, not as root.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_postgres::{Client, Config, NoTls};

use crate::common::PATIENCE;

/// The password of `postgres`. As it stands in a URL, `@` and `/` are escaped.
pub(crate) const PASSWORD: &str = "canary-pw@/7";
pub(crate) const ESCAPED_PASSWORD: &str = "canary-pw%40%2F7";

/// A folder of a server's own.
pub(crate) fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("tower-auth-postgres-{}-{count}", process::id());
    let path = env::temp_dir().join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A program that ends with this process, however that ends, and whose folder goes then.
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Starts a program as the user of [`as_user`]. A shell stands guard: it reads from this process, and
    /// what it reads is its end. `now` is the signal on which the program ends without waiting for anybody.
    fn start(program: &Path, arguments: &[String], folder: &Path, now: &str) -> Self {
        const GUARD: &str = r#"
            folder=$1; now=$2; shift 2
            "$@" >>"$folder/log" 2>&1 &
            server=$!
            if read -r keep; then
                kill -INT "$server"
                wait "$server"
            else
                kill "-$now" "$server"
                wait "$server"
                rm -rf "$folder"
            fi
        "#;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(folder).arg(now);
        command.args(as_user()).arg(program).args(arguments);
        // Whoever reads what the tests say does not wait for the guard.
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Ends the program, and leaves its folder.
    fn end(&mut self) {
        use std::io::Write;

        if let Some(mut guard) = self.0.stdin.take() {
            guard.write_all(b"keep\n").unwrap();
        }
        self.0.wait().unwrap();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The servers refuse to be root.
fn as_user() -> Vec<String> {
    match fs::metadata("/proc/self").unwrap().uid() {
        0 => [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
        ]
        .map(String::from)
        .into(),
        _ => Vec::new(),
    }
}

pub(crate) fn run(program: impl AsRef<Path>, arguments: &[&str]) {
    let user = as_user();
    let mut command = match user.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program.as_ref());
            command
        }
        None => Command::new(program.as_ref()),
    };
    let output = command.args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn give(folder: &Path) {
    if !as_user().is_empty() {
        let status = Command::new("chown")
            .arg("-R")
            .arg("postgres:")
            .arg(folder)
            .status();
        assert!(status.unwrap().success());
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Where Debian puts the newest server's programs, or what the path says.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|entry| {
        let entry = entry.ok()?;
        let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
        let programs = entry.path().join("bin");
        programs
            .join("postgres")
            .exists()
            .then_some((version, programs))
    });
    versions.max().map(|(_, programs)| programs)
}

/// What a test says that cannot run here.
fn skip(what: &str) {
    assert!(
        env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{what} is missing: install the Debian package of that name (scripts/setup does)"
    );
    eprintln!(
        "SKIPPED: {what} is missing: install the Debian package of that name (scripts/setup does)"
    );
}

/// A PostgreSQL server.
pub(crate) struct Server {
    port: u16,
    folder: PathBuf,
    more: Vec<String>,
    process: Guarded,
}

impl Server {
    /// The server that most tests share: each has a database of its own. `None`, and a word about it,
    /// where there is no PostgreSQL.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[])).as_ref()
    }

    /// A server of a test's own, with further settings.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        let Some(programs) = programs() else {
            skip("postgresql");
            return None;
        };
        let folder = folder();
        fs::write(folder.join("password"), PASSWORD).unwrap();
        give(&folder);
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        // Not the order of bytes: that of a language, as many databases have it.
        let locale = ["--locale=C", "--locale-provider=icu", "--icu-locale=en"];
        let (data, password) = (path("data"), format!("--pwfile={}", path("password")));
        let mut arguments = vec!["-D", &data, "-U", "postgres", "-E", "UTF8", "--no-sync"];
        arguments.extend(["--auth=password", &password]);
        arguments.extend(locale);
        run(programs.join("initdb"), &arguments);
        let more: Vec<_> = more.iter().map(|one| (*one).to_owned()).collect();
        let port = free_port();
        let server = Self {
            process: Self::process(port, &folder, &more),
            port,
            folder,
            more,
        };
        server.wait();
        Some(server)
    }

    /// A server that follows this one.
    pub(crate) fn standby(&self) -> Self {
        let (port, folder) = (free_port(), folder());
        give(&folder);
        let data = format!("{}/data", folder.display());
        let primary = self.url("postgres");
        let arguments = [
            "-D",
            &data,
            "-R",
            "--checkpoint=fast",
            "--no-sync",
            "-d",
            &primary,
        ];
        run(programs().unwrap().join("pg_basebackup"), &arguments);
        let standby = Self {
            process: Self::process(port, &folder, &[]),
            port,
            folder,
            more: Vec::new(),
        };
        standby.wait();
        standby
    }

    fn process(port: u16, folder: &Path, more: &[String]) -> Guarded {
        let folder_text = folder.to_str().unwrap();
        let mut arguments = vec!["-D".to_owned(), format!("{folder_text}/data")];
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={folder_text}"),
            "max_connections=200".to_owned(),
            "shared_buffers=32MB".to_owned(),
            // A process that is killed loses nothing of what the system has; only a machine would.
            "fsync=off".to_owned(),
        ];
        for setting in settings.iter().chain(more) {
            arguments.extend(["-c".to_owned(), setting.clone()]);
        }
        let program = programs().unwrap().join("postgres");
        Guarded::start(&program, &arguments, folder, "QUIT")
    }

    /// Waits until it answers.
    fn wait(&self) {
        let before = Instant::now();
        let ready = programs().unwrap().join("pg_isready");
        let port = self.port.to_string();
        loop {
            let mut command = Command::new(&ready);
            command.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            if command.status().unwrap().success() {
                return;
            }
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(before.elapsed() < PATIENCE, "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills it without a word, as a machine that loses its power does.
    pub(crate) fn kill(&mut self) {
        let pid = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        let status = Command::new("kill").args(["-KILL", &pid]).status();
        assert!(status.unwrap().success());
        self.process.end();
    }

    /// Ends it in order.
    pub(crate) fn stop(&mut self) {
        self.process.end();
    }

    /// Starts it again, on its port and with its data.
    pub(crate) fn start_again(&mut self) {
        let before = Instant::now();
        loop {
            self.process = Self::process(self.port, &self.folder, &self.more);
            // What is left of one that was killed may still be ending.
            std::thread::sleep(Duration::from_millis(300));
            let status = self.process.0.try_wait().unwrap();
            let pid = fs::read_to_string(self.folder.join("data/postmaster.pid"));
            if status.is_none() && pid.is_ok_and(|pid| pid.contains("ready")) {
                return;
            }
            assert!(before.elapsed() < PATIENCE, "it does not start again");
            self.process.end();
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://postgres:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// A new database.
    pub(crate) async fn database(&self) -> Database<'_> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keys_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Database { server: self, name };
        let client = connect(self.port, "postgres").await;
        let sql = format!("CREATE DATABASE {}", database.name);
        client.batch_execute(&sql).await.unwrap();
        database
    }
}

/// A database of a test's own.
pub(crate) struct Database<'a> {
    pub(crate) server: &'a Server,
    pub(crate) name: String,
}

impl Database<'_> {
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Takes the tables away.
    pub(crate) async fn empty(&self) {
        let sql = "DROP SCHEMA IF EXISTS tower_auth CASCADE";
        self.client().await.batch_execute(sql).await.unwrap();
    }

    /// Another program's connection.
    pub(crate) async fn client(&self) -> Client {
        connect(self.server.port, &self.name).await
    }
}

/// Another program's connection to a server on a port.
pub(crate) async fn connect(port: u16, database: &str) -> Client {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user("postgres");
    config.password(PASSWORD).dbname(database);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(async { drop(connection.await) });
    client
}

/// A pgbouncer in transaction mode.
pub(crate) struct Pooler {
    port: u16,
    folder: PathBuf,
    _process: Guarded,
}

impl Pooler {
    pub(crate) fn start(server: &Server) -> Option<Self> {
        let program = PathBuf::from("/usr/sbin/pgbouncer");
        if !program.exists() {
            skip("pgbouncer");
            return None;
        }
        let (port, folder) = (free_port(), folder());
        let folder_text = folder.to_str().unwrap();
        let users = format!("\"postgres\" \"{PASSWORD}\"\n");
        fs::write(folder.join("users"), users).unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir = {folder_text}\nauth_type = plain\n\
             auth_file = {folder_text}/users\npool_mode = transaction\ndefault_pool_size = 3\n\
             max_client_conn = 1000\n",
            server.port
        );
        fs::write(folder.join("ini"), settings).unwrap();
        give(&folder);
        let arguments = [format!("{folder_text}/ini")];
        let process = Guarded::start(&program, &arguments, &folder, "TERM");
        let before = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(before.elapsed() < PATIENCE, "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self {
            port,
            folder,
            _process: process,
        })
    }

    /// How often the server told something that was for no session then.
    pub(crate) fn strays(&self) -> usize {
        let log = fs::read_to_string(self.folder.join("log")).unwrap();
        log.matches("when not linked").count()
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://postgres:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{database}")
    }
}
