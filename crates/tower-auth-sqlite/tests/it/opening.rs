//! Which files are opened, and which are refused.

use std::fs;

use tower_auth::{
    keys::{KeyAdminError, KeyRequest, KeyStore, KeyStoreError, ManagedKeys, Revision},
    testing,
};
use tower_auth_sqlite::SqliteKeyStore;

use crate::common::{Folder, reason};

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made_unasked() {
    let folder = Folder::new();
    let error = SqliteKeyStore::open(folder.file()).await.unwrap_err();
    assert!(reason(&error).contains("open_or_create"), "{error:?}");
    assert!(!folder.file().exists());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_unavailable() {
    let folder = Folder::new();
    let file = folder.path().join("no").join("keys.db");
    let error = SqliteKeyStore::open_or_create(file).await.unwrap_err();
    assert!(error.is_unavailable());
}

#[tokio::test]
async fn a_folder_in_the_files_place_is_unavailable() {
    let folder = Folder::new();
    let error = SqliteKeyStore::open_or_create(folder.path()).await;
    assert!(error.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn a_path_is_no_uri_and_no_memory() {
    let folder = Folder::new();
    for name in [":memory:", "file:keys.db?mode=memory", "file::memory:"] {
        let file = folder.path().join(name);
        let store = SqliteKeyStore::open_or_create(&file).await.unwrap();
        store.close().await.unwrap();
        assert!(fs::metadata(&file).unwrap().len() > 0, "{name}");
    }
}

#[tokio::test]
async fn an_empty_path_is_unavailable() {
    let error = SqliteKeyStore::open("").await.unwrap_err();
    assert!(error.is_unavailable());
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_its_users_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let _store = folder.store().await;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[tokio::test]
async fn what_was_opened_once_is_opened_again() {
    let folder = Folder::new();
    let epoch = folder.store().await.renew_epoch().await.unwrap();
    let store = SqliteKeyStore::open(folder.file()).await.unwrap();
    let changes = store.changes(Revision::ZERO, 1).await.unwrap().value;
    assert_eq!(changes.epoch, epoch);
}

#[tokio::test]
async fn each_file_has_an_epoch_of_its_own() {
    let (one, other) = (Folder::new(), Folder::new());
    let mut epochs = Vec::new();
    for folder in [&one, &other] {
        let changes = folder.store().await.changes(Revision::ZERO, 1).await;
        epochs.push(changes.unwrap().value.epoch);
    }
    assert_ne!(epochs[0], epochs[1]);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    folder.store().await.close().await.unwrap();
    folder
        .connection()
        .pragma_update(None, "user_version", 7)
        .unwrap();
    let before = fs::read(folder.file()).unwrap();
    let error = SqliteKeyStore::open(folder.file()).await.unwrap_err();
    let is_newer = matches!(error, KeyStoreError::NewerSchema { found: 7, known: 3 });
    assert!(is_newer, "{error:?}");
    assert!(error.is_unavailable());
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

#[tokio::test]
async fn a_schema_that_becomes_newer_while_serving_is_refused() {
    let folder = Folder::new();
    let store = folder.store().await;
    folder
        .connection()
        .pragma_update(None, "user_version", 7)
        .unwrap();
    let error = store.changes(Revision::ZERO, 1).await.unwrap_err();
    assert!(matches!(error, KeyStoreError::NewerSchema { found: 7, .. }));
    let error = store.renew_epoch().await.unwrap_err();
    assert!(matches!(error, KeyStoreError::NewerSchema { found: 7, .. }));
}

#[tokio::test]
async fn the_database_of_another_program_is_left_as_it_is() {
    for (table, version) in [
        ("CREATE TABLE users (id)", 0),
        ("CREATE TABLE keys (id)", 1),
    ] {
        let folder = Folder::new();
        let other = folder.connection();
        other.execute(table, []).unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        let before = fs::read(folder.file()).unwrap();
        let error = SqliteKeyStore::open_or_create(folder.file()).await;
        let reason = reason(&error.unwrap_err());
        assert!(reason.contains("another program"), "{reason}");
        assert_eq!(fs::read(folder.file()).unwrap(), before);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = Folder::new();
    let text = "this is no database\n".repeat(1_000);
    fs::write(folder.file(), &text).unwrap();
    let error = SqliteKeyStore::open_or_create(folder.file()).await;
    let reason = reason(&error.unwrap_err());
    assert!(reason.contains("no SQLite database"), "{reason}");
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer() {
    let folder = Folder::new();
    let store = folder.store().await;
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let changes = store.changes(Revision::ZERO, 1).await;
    assert!(changes.unwrap().value.is_complete);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_name_need_not_be_text() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let folder = Folder::new();
    let file = folder.path().join(OsStr::from_bytes(b"keys-\xff.db"));
    let store = SqliteKeyStore::open_or_create(&file).await.unwrap();
    store.renew_epoch().await.unwrap();
    assert!(file.exists());
}

/// A backup is a file of its own; restored, it is read by every process from its beginning.
#[tokio::test]
async fn a_backup_opens_and_gets_an_epoch_of_its_own() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.write(testing::key_store_create(1)).await.unwrap();
    let backup = folder.path().join("backup.db");
    let sql = "VACUUM INTO ?1";
    let name = backup.to_str().unwrap();
    folder.connection().execute(sql, [name]).unwrap();
    store.write(testing::key_store_revoke(1)).await.unwrap();
    let after = store.changes(Revision::ZERO, 9).await.unwrap().value;

    let restored = SqliteKeyStore::open(&backup).await.unwrap();
    let before = restored.changes(Revision::ZERO, 9).await.unwrap().value;
    assert_eq!(before.changes.len(), 1);
    assert!(before.latest < after.latest);
    let epoch = restored.renew_epoch().await.unwrap();
    assert_ne!(epoch, after.epoch);
}

/// The lines that this thread and the store's own ones log.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of every thread: the store works on threads of its own.
fn log() -> Lines {
    static LINES: std::sync::OnceLock<Lines> = std::sync::OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone());
        log.with_ansi(false).init();
        lines
    });
    lines.clone()
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_other_users_may_read_or_write_is_a_line_in_the_log() {
    use std::os::unix::fs::PermissionsExt;

    let log = log();
    for mode in [0o600, 0o640, 0o604, 0o602, 0o700] {
        let folder = Folder::new();
        folder.store().await.close().await.unwrap();
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.file(), permissions).unwrap();
        folder.store().await.close().await.unwrap();
        let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let file = folder.file().display().to_string();
        let lines = lines.lines().filter(|line| line.contains(&file)).count();
        assert_eq!(lines, usize::from(mode & 0o077 != 0), "{mode:o}");
    }
}

/// An index answers; it must find what the records say.
#[tokio::test]
async fn the_first_administrator_is_refused_where_a_live_key_may_write_keys() {
    let folder = Folder::new();
    let store = folder.store().await;
    let keys = ManagedKeys::new(store, "sk").unwrap();
    let admin = keys.as_operator("ada");
    let request = || KeyRequest::new("first").with_scopes(["keys:write"]);
    let first = admin.create_first_admin(request()).await.unwrap();
    let second = admin.create_first_admin(request()).await.unwrap_err();
    assert!(matches!(second, KeyAdminError::Conflict(_)), "{second:?}");
    // A revoked one does not count, nor one that only looks like it.
    admin.revoke(first.key().record().id(), "").await.unwrap();
    let alike = KeyRequest::new("keys:write").with_scopes(["keys:write:some", "my-keys:write"]);
    admin.create(alike).await.unwrap();
    let other = admin.create_first_admin(request()).await.unwrap();
    admin.delete(other.key().record().id()).await.unwrap();
    // One that may do everything does.
    let all = KeyRequest::new("all").with_scopes(["graph:read", "*"]);
    admin.create(all).await.unwrap();
    let third = admin.create_first_admin(request()).await.unwrap_err();
    assert!(matches!(third, KeyAdminError::Conflict(_)), "{third:?}");
}
