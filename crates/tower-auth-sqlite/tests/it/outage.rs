//! What makes a database one that cannot be asked.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tower_auth::{
    keys::{AuditQuery, KeyId, KeyLookup, KeyStore, Revision},
    testing,
};
use tower_auth_sqlite::SqliteKeyStore;

use crate::{
    common::{Folder, PATIENCE, child_command, reason},
    processes::{self, said},
};

const SOON: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_lock_that_another_process_keeps_is_unavailable_in_time() {
    let folder = Folder::new();
    let store = folder.store().await.with_wait_limit(SOON);
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = Instant::now();
    let error = store.spend(KeyId::new("key_1")).await.unwrap_err();
    assert!(reason(&error).contains("lock"), "{}", reason(&error));
    assert!(before.elapsed() < PATIENCE / 4);
    other.execute_batch("COMMIT").unwrap();
    let store = store.with_wait_limit(PATIENCE);
    store.spend(KeyId::new("key_1")).await.unwrap();
}

#[tokio::test]
async fn calls_behind_one_that_waits_are_answered_in_time() {
    let folder = Folder::new();
    let store = folder.store().await.with_wait_limit(SOON);
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = Instant::now();
    // More than the queue holds: some wait in front of it.
    let calls = (0..3_000).map(|_| tokio::spawn(store.spend(KeyId::new("key_1"))));
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap().unwrap_err().is_unavailable());
    }
    assert!(before.elapsed() < PATIENCE / 4);
}

#[tokio::test]
async fn a_lock_is_waited_for() {
    let folder = Folder::new();
    let store = folder.store().await;
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let spent = tokio::spawn(store.spend(KeyId::new("key_1")));
    tokio::time::sleep(SOON).await;
    assert!(!spent.is_finished());
    other.execute_batch("COMMIT").unwrap();
    spent.await.unwrap().unwrap();
}

#[tokio::test]
async fn opening_a_locked_file_that_has_its_tables_waits() {
    let folder = Folder::new();
    folder.store().await.close().await.unwrap();
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let opened = tokio::spawn(SqliteKeyStore::open(folder.file()));
    tokio::time::sleep(SOON).await;
    assert!(!opened.is_finished());
    other.execute_batch("COMMIT").unwrap();
    opened.await.unwrap().unwrap();
}

#[tokio::test]
async fn damage_is_unavailable() {
    let folder = Folder::new();
    folder.store().await.close().await.unwrap();
    let pages = fs::metadata(folder.file()).unwrap().len() / 4_096;
    let file = OpenOptions::new().write(true).open(folder.file()).unwrap();
    // All but the first page, which says where the tables are.
    for page in 1..pages {
        file.write_all_at(&[0xa5; 4_096], page * 4_096).unwrap();
    }
    drop(file);
    match SqliteKeyStore::open(folder.file()).await {
        Err(error) => assert!(reason(&error).contains("damaged"), "{error:?}"),
        Ok(store) => {
            let error = store.changes(Revision::ZERO, 1).await.unwrap_err();
            assert!(reason(&error).contains("damaged"), "{error:?}");
            let lookup = KeyLookup::Id(KeyId::new("key_1"));
            let error = store.find(lookup).await.unwrap_err();
            assert!(reason(&error).contains("damaged"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_unavailable_and_not_passed_over() {
    let folder = Folder::new();
    let store = folder.store().await;
    folder
        .connection()
        .execute_batch(
            "INSERT INTO keys (id, digest, revision, account, record)
                 VALUES ('key_1', zeroblob(32), 1, 'key_1', '{\"id\": \"canary\"}');
             UPDATE store SET revision = 1",
        )
        .unwrap();
    let error = store.changes(Revision::ZERO, 10).await.unwrap_err();
    assert!(!reason(&error).contains("canary"), "{}", reason(&error));
    let lookup = KeyLookup::Id(KeyId::new("key_1"));
    assert!(store.find(lookup).await.unwrap_err().is_unavailable());
}

#[test]
fn a_file_that_may_only_be_read_is_unavailable() {
    let folder = Folder::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { folder.store().await.close().await.unwrap() });
    let status = as_nobody(&folder, "read_only").status();
    // What may not be written cannot be tidied up either.
    permit(&folder, 0o600, 0o700);
    assert!(status.unwrap().success());
}

fn permit(folder: &Folder, file: u32, directory: u32) {
    use std::os::unix::fs::PermissionsExt;

    for (path, mode) in [(folder.file(), file), (folder.path().to_owned(), directory)] {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
}

/// Permissions hold nobody back who is root.
fn as_nobody(folder: &Folder, part: &str) -> Command {
    use std::os::unix::fs::MetadataExt;

    permit(folder, 0o444, 0o555);
    let command = child_command(part, folder);
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return command;
    }
    // The program itself may stand where only root may look.
    let copy = folder.path().join("program");
    fs::copy(command.get_program(), &copy).unwrap();
    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    other.arg(copy).args(command.get_args());
    for (name, value) in command.get_envs() {
        other.env(name, value.unwrap_or_default());
    }
    other
}

pub(crate) async fn read_only(file: PathBuf) -> String {
    let error = SqliteKeyStore::open(file).await.unwrap_err();
    let reason = reason(&error);
    assert!(reason.contains("write"), "{reason}");
    reason
}

#[test]
fn a_full_disk_is_unavailable_and_costs_nothing_that_was_committed() {
    let folder = Folder::new();
    // A limit on the size of a file is a disk that is full, for one process: 2 MB.
    let command = child_command("fill", &folder);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""]);
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    let made: u64 = said(limited.stdout(Stdio::piped()).spawn().unwrap())
        .parse()
        .unwrap();
    assert!(made > 10, "{made}");
    // With room again, everything is there and goes on.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = folder.store().await;
        let changes = store.changes(Revision::ZERO, 10_000).await.unwrap().value;
        assert_eq!(changes.latest.as_u64(), made);
        let audit = AuditQuery {
            limit: 10_000,
            ..AuditQuery::default()
        };
        let audit = store.audit(audit).await.unwrap().value.items;
        assert_eq!(u64::try_from(audit.len()).unwrap(), made);
        store
            .write(testing::key_store_create(100_000))
            .await
            .unwrap();
    });
}

/// Makes keys until there is no room, and tells how many there are.
pub(crate) async fn fill(file: PathBuf) -> String {
    let store = processes::store(file).await;
    for number in 0.. {
        let Err(error) = store.write(testing::key_store_create(number)).await else {
            continue;
        };
        assert!(error.is_unavailable(), "{error}");
        // What was not written is in no answer, and what was written can still be read.
        let lookup = KeyLookup::Id(testing::key_store_id(number));
        assert_eq!(store.find(lookup).await.unwrap().value, None);
        let changes = store.changes(Revision::ZERO, 10_000).await.unwrap().value;
        assert_eq!(changes.latest.as_u64(), u64::from(number));
        assert_eq!(changes.changes.len(), usize::try_from(number).unwrap());
        return number.to_string();
    }
    unreachable!("the disk is never full")
}
