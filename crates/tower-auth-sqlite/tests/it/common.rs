//! Folders, files that are opened beside the store, and further processes.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rusqlite::Connection;
use tower_auth::keys::KeyStoreError;
use tower_auth_sqlite::SqliteKeyStore;

/// Long enough for a busy machine; reached only when something hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of a test's own. It goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-auth-sqlite-{}-{count}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The database's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("keys.db")
    }

    pub(crate) async fn store(&self) -> SqliteKeyStore {
        let opened = SqliteKeyStore::open_or_create(self.file()).await;
        opened.unwrap().with_wait_limit(PATIENCE)
    }

    /// Another program's connection to the file.
    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(self.file()).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// This program once more, to play a part of `processes::child`.
pub(crate) fn child_command(part: &str, folder: &Folder) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env("PART", part)
        .env("FILE", folder.file());
    command
}

/// What an operator reads of an error.
pub(crate) fn reason(error: &KeyStoreError) -> String {
    match error {
        KeyStoreError::Unavailable(cause) => cause.to_string(),
        other => panic!("it is no outage: {other}"),
    }
}
