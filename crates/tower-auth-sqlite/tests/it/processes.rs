//! Several processes over one file.

use std::{
    env,
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use rusqlite::Connection;
use tower_auth::{
    keys::{KeyChange, KeyId, KeyStore, Revision, Spend},
    testing,
};
use tower_auth_sqlite::SqliteKeyStore;

use crate::{
    common::{Folder, PATIENCE, child_command},
    crashes, managed, outage, stopped,
};

/// How many keys each process makes.
const MADE: usize = 60;

#[tokio::test]
async fn two_processes_that_make_one_file_do_not_trip_over_each_other() {
    for _ in 0..5 {
        let folder = Folder::new();
        let children: Vec<_> = (0..4).map(|_| start("open", &folder)).collect();
        let epochs: Vec<_> = children.into_iter().map(said).collect();
        assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
    }
}

#[tokio::test]
async fn what_one_process_changed_another_one_sees() {
    let folder = Folder::new();
    let store = folder.store().await;
    let before = store.changes(Revision::ZERO, 1).await.unwrap().value.epoch;
    let renewed = said(start("renew", &folder));
    let after = store.changes(Revision::ZERO, 1).await.unwrap().value.epoch;
    assert_ne!(before, after);
    assert_eq!(after.as_u128().to_string(), renewed);
}

#[tokio::test]
async fn three_processes_spend_exactly_the_credits_that_are_there() {
    let folder = Folder::new();
    let store = folder.store().await;
    let sql = "INSERT INTO credits (account, remaining) VALUES ('key_1', 2000)";
    folder.connection().execute(sql, []).unwrap();
    let children: Vec<_> = (0..3).map(|_| start("spend", &folder)).collect();
    let spent: Vec<u32> = children
        .into_iter()
        .map(|child| said(child).parse().unwrap())
        .collect();
    assert_eq!(spent.iter().sum::<u32>(), 2_000, "{spent:?}");
    let left = store.spend(KeyId::new("key_1")).await.unwrap().value;
    assert_eq!(left, Spend::Exhausted);
}

/// SQLite deletes the log with the last connection, whichever process has it: that is no fault.
#[tokio::test]
async fn processes_that_come_and_go_disturb_nobody() {
    let folder = Folder::new();
    folder.store().await.close().await.unwrap();
    let children = ["come_and_go_0", "come_and_go_1"].map(|part| start(part, &folder));
    children.into_iter().map(said).for_each(drop);
    let changes = folder.store().await.changes(Revision::ZERO, 100).await;
    assert_eq!(changes.unwrap().value.changes.len(), 60);
}

/// A replica that remembers the last revision it saw would never ask for an earlier one again.
#[tokio::test]
async fn changes_of_several_processes_appear_in_the_order_of_their_revisions() {
    let folder = Folder::new();
    let store = folder.store().await;
    let children: Vec<_> = ["make_0", "make_1", "make_2"]
        .map(|part| start(part, &folder))
        .into();
    let mut seen = Vec::new();
    while seen.len() < 3 * MADE {
        let after = seen.last().copied().unwrap_or(Revision::ZERO);
        let page = store.changes(after, 7).await.unwrap().value;
        seen.extend(page.changes.iter().map(KeyChange::revision));
    }
    children.into_iter().map(said).for_each(drop);
    let all = (1..).map(Revision::new).take(3 * MADE);
    assert_eq!(seen, all.collect::<Vec<_>>());
}

/// A process that closes a file gives up all its locks on it: opening a second store may not cost the
/// first one its own.
#[tokio::test]
async fn a_second_store_of_one_process_takes_no_lock_away() {
    let folder = Folder::new();
    let store = folder.store().await;
    for _ in 0..3 {
        folder.store().await.close().await.unwrap();
    }
    assert_eq!(said(start("take_log_away", &folder)), "locked");
    store.close().await.unwrap();
    assert_eq!(said(start("take_log_away", &folder)), "delete");
}

/// Not a test of its own: the part that a further process plays.
#[test]
#[ignore = "other tests start it"]
fn child() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let file = PathBuf::from(env::var_os("FILE").unwrap());
    let part = env::var("PART").unwrap();
    let answer = runtime.block_on(async {
        match part.as_str() {
            "open" => open(file).await,
            "renew" => renew(file).await,
            "spend" => spend(file).await,
            "make_0" => make(file, 0).await,
            "make_1" => make(file, 1_000).await,
            "make_2" => make(file, 2_000).await,
            "ask" => managed::spend(file).await,
            "come_and_go_0" => come_and_go(file, 0).await,
            "come_and_go_1" => come_and_go(file, 1_000).await,
            "take_log_away" => take_log_away(file),
            "read_only" => outage::read_only(file).await,
            "fill" => outage::fill(file).await,
            "write" => crashes::write(file).await,
            "serve" => stopped::serve(file).await,
            other => panic!("no such part: {other}"),
        }
    });
    println!("\nsaid:{answer}");
}

pub(crate) async fn store(file: PathBuf) -> SqliteKeyStore {
    let opened = SqliteKeyStore::open_or_create(file).await;
    opened.unwrap().with_wait_limit(PATIENCE)
}

async fn open(file: PathBuf) -> String {
    let changes = store(file).await.changes(Revision::ZERO, 1).await;
    changes.unwrap().value.epoch.as_u128().to_string()
}

async fn renew(file: PathBuf) -> String {
    let epoch = store(file).await.renew_epoch().await.unwrap();
    epoch.as_u128().to_string()
}

async fn make(file: PathBuf, first: u32) -> String {
    let store = store(file).await;
    for number in (first..).take(MADE) {
        store
            .write(testing::key_store_create(number))
            .await
            .unwrap();
    }
    "made".to_owned()
}

async fn come_and_go(file: PathBuf, first: u32) -> String {
    for number in first..first + 30 {
        let store = store(file.clone()).await;
        store
            .write(testing::key_store_create(number))
            .await
            .unwrap();
        store.close().await.unwrap();
    }
    "gone".to_owned()
}

/// Eight at a time, until none is left.
async fn spend(file: PathBuf) -> String {
    let store = store(file).await;
    let spenders = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut spent = 0;
            while let Spend::Spent { .. } = store.spend(KeyId::new("key_1")).await.unwrap().value {
                spent += 1;
            }
            spent
        })
    });
    let mut spent = 0;
    for spender in spenders.collect::<Vec<_>>() {
        spent += spender.await.unwrap();
    }
    spent.to_string()
}

/// Leaving the log needs the file for oneself alone.
fn take_log_away(file: PathBuf) -> String {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    match connection.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0)) {
        Ok(mode) => mode,
        Err(_) => "locked".to_owned(),
    }
}

pub(crate) fn start(part: &str, folder: &Folder) -> Child {
    let mut command = child_command(part, folder);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// What a child answered.
pub(crate) fn said(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let answer = text.lines().find_map(|line| line.strip_prefix("said:"));
    answer.unwrap().to_owned()
}
