//! Credits that many requests spend at once.

use std::time::Duration;

use tower_auth::keys::{KeyId, KeyStore, Spend};
use tower_auth_sqlite::SqliteKeyStore;

use crate::common::Folder;

async fn store_with(folder: &Folder, accounts: &[(&str, u32)]) -> SqliteKeyStore {
    let store = folder.store().await;
    let connection = folder.connection();
    for account in accounts {
        let sql = "INSERT INTO credits (account, remaining) VALUES (?1, ?2)";
        connection.execute(sql, *account).unwrap();
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_several_accounts_take_nothing_from_each_other() {
    let folder = Folder::new();
    let store = store_with(&folder, &[("one", 30), ("other", 70)]).await;
    let requests = ["one", "other", "none"].repeat(100);
    let requests: Vec<_> = requests
        .into_iter()
        .map(|account| (account, tokio::spawn(store.spend(KeyId::new(account)))))
        .collect();
    let mut spent = Vec::new();
    for (account, request) in requests {
        match request.await.unwrap().unwrap().value {
            Spend::Spent { .. } => spent.push(account),
            Spend::Exhausted => assert_ne!(account, "none"),
            Spend::NoAccount => assert_eq!(account, "none"),
        }
    }
    let of = |account| spent.iter().filter(|spent| **spent == account).count();
    assert_eq!((of("one"), of("other"), of("none")), (30, 70, 0));
}

#[tokio::test]
async fn a_request_that_went_away_while_it_waited_keeps_its_credit() {
    let folder = Folder::new();
    let store = store_with(&folder, &[("one", 10)]).await;
    let other = folder.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The writer waits for the lock with the first one; those that follow wait for the writer.
    let first = tokio::spawn(store.spend(KeyId::new("one")));
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..3 {
        let gone = tokio::spawn(store.spend(KeyId::new("one")));
        tokio::time::sleep(Duration::from_millis(10)).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(
        first.await.unwrap().unwrap().value,
        Spend::Spent { left: 9 }
    );
    let next = store.spend(KeyId::new("one")).await.unwrap();
    assert_eq!(next.value, Spend::Spent { left: 8 });
}
