//! pgbouncer.

use std::{
    fs,
    net::TcpStream,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crate::{
    PATIENCE,
    guarded::{Guarded, folder, give},
    postgres::{ESCAPED_PASSWORD, PASSWORD, Postgres},
    skip::{free_port, skip},
};

/// A pgbouncer in transaction mode.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    folder: PathBuf,
    _process: Guarded,
}

impl Pooler {
    /// Starts it in front of a server.
    pub fn start(server: &Postgres) -> Option<Self> {
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
            server.port()
        );
        fs::write(folder.join("ini"), settings).unwrap();
        give(&folder);
        let arguments = [format!("{folder_text}/ini")];
        let process = Guarded::start(&program, &arguments, &folder, "TERM");
        let before = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(before.elapsed() < PATIENCE, "it does not start: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
        Some(Self {
            port,
            folder,
            _process: process,
        })
    }

    /// How often the server told something that was for no session then.
    pub fn strays(&self) -> usize {
        let log = fs::read_to_string(self.folder.join("log")).unwrap();
        log.matches("when not linked").count()
    }

    /// The URL of a database behind it.
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://postgres:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{database}")
    }
}
