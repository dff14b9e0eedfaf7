//! What happens to the files while the store is open.

use std::{env, fs, path::PathBuf};

use tower_auth::{
    keys::{KeyId, KeyLookup, KeyStore, Revision},
    testing,
};
use tower_auth_sqlite::SqliteKeyStore;

use crate::common::{Folder, reason};

/// Nothing that is asked of the store is answered.
async fn is_away(store: &SqliteKeyStore) -> String {
    let lookup = KeyLookup::Id(KeyId::new("key_1"));
    let reasons = [
        reason(&store.changes(Revision::ZERO, 1).await.unwrap_err()),
        reason(&store.find(lookup).await.unwrap_err()),
        reason(&store.list(Default::default()).await.unwrap_err()),
        reason(&store.audit(Default::default()).await.unwrap_err()),
        reason(&store.spend(KeyId::new("key_1")).await.unwrap_err()),
        reason(&store.renew_epoch().await.unwrap_err()),
    ];
    assert!(
        reasons.iter().all(|other| *other == reasons[0]),
        "{reasons:?}"
    );
    reasons[0].clone()
}

#[cfg(unix)]
#[tokio::test]
async fn a_deleted_file_is_unavailable() {
    let folder = Folder::new();
    let store = folder.store().await;
    fs::remove_file(folder.file()).unwrap();
    let reason = is_away(&store).await;
    assert!(reason.contains("deleted or replaced"), "{reason}");
    assert!(!folder.file().exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_replaced_file_is_unavailable() {
    let folder = Folder::new();
    let store = folder.store().await;
    let copy = folder.path().join("copy");
    fs::copy(folder.file(), &copy).unwrap();
    fs::rename(copy, folder.file()).unwrap();
    let reason = is_away(&store).await;
    assert!(reason.contains("deleted or replaced"), "{reason}");
}

/// A program that tidies up: what is committed into a log without a name, nobody reads again.
#[cfg(unix)]
#[tokio::test]
async fn a_deleted_log_is_unavailable() {
    for end in ["-wal", "-shm"] {
        let folder = Folder::new();
        let store = folder.store().await;
        fs::remove_file(folder.path().join(format!("keys.db{end}"))).unwrap();
        let reason = is_away(&store).await;
        assert!(reason.contains(end), "{reason}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_put_back_is_served_again() {
    let folder = Folder::new();
    let store = folder.store().await;
    let away = folder.path().join("away");
    fs::rename(folder.file(), &away).unwrap();
    is_away(&store).await;
    fs::rename(away, folder.file()).unwrap();
    store.changes(Revision::ZERO, 1).await.unwrap();
    store.renew_epoch().await.unwrap();
}

#[tokio::test]
async fn a_relative_path_begins_where_the_store_was_opened() {
    // No test changes the working directory, which all threads share: the path says that it is resolved.
    let folder = Folder::new();
    folder.store().await.close().await.unwrap();
    let here = env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(folder.file().strip_prefix("/").unwrap());
    assert!(relative.is_relative());
    let store = SqliteKeyStore::open(&relative).await.unwrap();
    let resolved = fs::canonicalize(folder.file()).unwrap();
    assert!(
        format!("{store:?}").contains(&format!("{resolved:?}")),
        "{store:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_is_turned_elsewhere_does_not_lead_there() {
    use std::os::unix::fs::symlink;

    let (folder, other) = (Folder::new(), Folder::new());
    let epoch = folder.store().await.renew_epoch().await.unwrap();
    other.store().await.close().await.unwrap();
    let link = folder.path().join("link");
    symlink(folder.file(), &link).unwrap();
    let store = SqliteKeyStore::open(&link).await.unwrap();
    fs::remove_file(&link).unwrap();
    symlink(other.file(), &link).unwrap();
    let changes = store.changes(Revision::ZERO, 1).await.unwrap();
    assert_eq!(changes.value.epoch, epoch);
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.renew_epoch().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_closed_store_is_unavailable_for_every_clone() {
    let folder = Folder::new();
    let store = folder.store().await;
    let clone = store.clone();
    store.close().await.unwrap();
    let reason = is_away(&clone).await;
    assert!(reason.contains("closed"), "{reason}");
}

#[tokio::test]
async fn a_store_can_be_closed_twice() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.close().await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_threads_end_with_the_last_clone() {
    let folder = Folder::new();
    drop(folder.store().await.clone());
    let gone = async {
        // The last connection to the file takes the log away.
        while fs::read_dir(folder.path()).unwrap().count() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::common::PATIENCE, gone)
        .await
        .unwrap();
}

/// SQLite has the log deleted by whoever closes the last connection: that is no fault.
#[tokio::test(flavor = "multi_thread")]
async fn stores_that_come_and_go_disturb_nobody() {
    let folder = Folder::new();
    folder.store().await.close().await.unwrap();
    let guests = (0..4).map(|guest| {
        let file = folder.file();
        tokio::spawn(async move {
            for visit in 0..10 {
                let store = SqliteKeyStore::open(&file).await.unwrap();
                let store = store.with_wait_limit(crate::common::PATIENCE);
                let write = testing::key_store_create(guest * 100 + visit);
                store.write(write).await.unwrap();
                store.close().await.unwrap();
            }
        })
    });
    for guest in guests.collect::<Vec<_>>() {
        guest.await.unwrap();
    }
    let changes = folder.store().await.changes(Revision::ZERO, 100).await;
    assert_eq!(changes.unwrap().value.changes.len(), 40);
}
