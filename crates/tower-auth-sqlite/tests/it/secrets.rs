//! What tells nobody a digest, and what holds no key.

use std::fmt::Write;

use tower_auth::{
    keys::{KeyLookup, KeyQuery, KeyStore},
    testing,
};

use crate::common::Folder;

#[tokio::test]
async fn no_text_of_the_file_holds_a_digest() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.write(testing::key_store_create(1)).await.unwrap();
    store.write(testing::key_store_revoke(1)).await.unwrap();
    let digest = hex(&digest(&folder).await);
    let connection = folder.connection();
    for (table, column) in [("keys", "record"), ("audit", "record"), ("keys", "id")] {
        let sql = format!("SELECT {column} FROM {table}");
        let mut statement = connection.prepare(&sql).unwrap();
        let texts = statement.query_map([], |row| row.get::<_, String>(0));
        let texts: Vec<_> = texts.unwrap().map(Result::unwrap).collect();
        assert!(!texts.is_empty());
        for text in texts {
            assert!(!text.to_lowercase().contains(&digest), "{table}: {text}");
        }
    }
}

#[tokio::test]
async fn no_error_and_no_debug_form_tells_a_digest() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.write(testing::key_store_create(1)).await.unwrap();
    let bytes = digest(&folder).await;
    let taken = store.write(testing::key_store_create(1)).await.unwrap_err();
    // The engine's own refusal would quote the value: the schema is broken behind the store's back.
    let connection = folder.connection();
    connection
        .execute_batch(
            "CREATE TRIGGER told BEFORE UPDATE ON keys
             BEGIN SELECT RAISE(ABORT, 'canary'); END",
        )
        .unwrap();
    let refused = store.write(testing::key_store_revoke(1)).await.unwrap_err();
    assert!(refused.is_unavailable());
    let list = store.list(KeyQuery {
        limit: 9,
        ..KeyQuery::default()
    });
    let told = format!(
        "{taken} {taken:?} {refused} {refused:?} {store:?} {:?}",
        list.await.unwrap()
    );
    for secret in [hex(&bytes), format!("{bytes:?}"), "canary".to_owned()] {
        assert!(!told.to_lowercase().contains(&secret), "{told}");
    }
}

async fn digest(folder: &Folder) -> [u8; 32] {
    let lookup = KeyLookup::Id(testing::key_store_id(1));
    let found = folder.store().await.find(lookup).await.unwrap();
    *found.value.unwrap().digest().as_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
