//! PostgreSQL servers, on free ports of the loopback address.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_postgres::{Client, Config, NoTls};

use crate::{
    PATIENCE,
    guarded::{Guarded, folder, give, run},
    skip::{free_port, skip},
};

/// The password of `postgres`.
pub const PASSWORD: &str = "canary-pw@/7";
/// The password, as it stands in a URL.
pub const ESCAPED_PASSWORD: &str = "canary-pw%40%2F7";

/// Where Debian puts the newest server's programs.
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

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    folder: PathBuf,
    more: Vec<String>,
    process: Guarded,
}

impl Postgres {
    /// The server that most tests share: each has a database of its own. `None`, and a word about it,
    /// where there is no PostgreSQL.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[])).as_ref()
    }

    /// A server of a test's own, with further settings.
    pub fn start(more: &[&str]) -> Option<Self> {
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
    pub fn standby(&self) -> Self {
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
    pub fn kill(&mut self) {
        let data = self.folder.join("data");
        let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        let status = Command::new("kill").args(["-KILL", &pid]).status();
        assert!(status.unwrap().success());
        // Those who serve a connection outlive the first process for a while, and answer. They all work in the
        // folder of the data.
        loop {
            let all = fs::read_dir("/proc").unwrap().flatten();
            let theirs = all.filter(|one| {
                fs::read_link(one.path().join("cwd")).is_ok_and(|folder| folder == data)
            });
            let theirs: Vec<_> = theirs.map(|one| one.file_name()).collect();
            if theirs.is_empty() {
                break;
            }
            // One of them may have ended by itself.
            let _ = Command::new("kill").arg("-KILL").args(theirs).output();
            std::thread::sleep(Duration::from_millis(5));
        }
        self.process.end();
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        self.process.end();
    }

    /// Starts it again, on its port and with its data.
    pub fn start_again(&mut self) {
        let pid = self.folder.join("data/postmaster.pid");
        let is_ready = || fs::read_to_string(&pid).is_ok_and(|pid| pid.contains("ready"));
        let before = Instant::now();
        loop {
            // One that was killed leaves it, and says there that it is ready.
            let _ = fs::remove_file(&pid);
            self.process = Self::process(self.port, &self.folder, &self.more);
            // It ends at once where what is left of one that was killed is still ending.
            while !self.process.has_ended() {
                if is_ready() {
                    return;
                }
                assert!(before.elapsed() < PATIENCE, "it does not start again");
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(before.elapsed() < PATIENCE, "it does not start again");
            self.process.end();
        }
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder with its data, its log and its socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://postgres:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// A new database.
    pub async fn database(&self) -> Database<'_> {
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
#[derive(Debug)]
pub struct Database<'a> {
    /// Its server.
    pub server: &'a Postgres,
    /// Its name.
    pub name: String,
}

impl Database<'_> {
    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Takes the tables away.
    pub async fn empty(&self) {
        let sql = "DROP SCHEMA IF EXISTS tower_auth CASCADE";
        self.client().await.batch_execute(sql).await.unwrap();
    }

    /// Another program's connection.
    pub async fn client(&self) -> Client {
        connect(self.server.port, &self.name).await
    }
}

/// Another program's connection to a server on a port.
pub async fn connect(port: u16, database: &str) -> Client {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user("postgres");
    config.password(PASSWORD).dbname(database);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(async { drop(connection.await) });
    client
}
