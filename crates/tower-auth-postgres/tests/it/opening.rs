//! Which databases are opened, and which are refused.

use tokio_postgres::Client;
use tower_auth::{
    keys::{KeyId, KeyStore, KeyStoreError, Revision},
    testing,
};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::{Database, ESCAPED_PASSWORD, PASSWORD, Postgres};

use crate::{
    common::{reason, refusal, store},
    processes::{said, start},
};

#[tokio::test]
async fn what_was_opened_once_is_opened_again() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    let epoch = store(&url).await.renew_epoch().await.unwrap();
    let again = PostgresKeyStore::open(&url).await.unwrap();
    let changes = again.changes(Revision::ZERO, 1).await.unwrap().value;
    assert_eq!(changes.epoch, epoch);
}

#[tokio::test]
async fn processes_that_make_the_tables_at_once_do_not_trip_over_each_other() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    for _ in 0..2 {
        let url = server.database().await.url();
        let children: Vec<_> = (0..3).map(|_| start("open", &url)).collect();
        let epochs: Vec<_> = children.into_iter().map(said).collect();
        assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_make_the_tables_at_once_do_not_trip_over_each_other() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    for _ in 0..3 {
        let url = server.database().await.url();
        let opening: Vec<_> = (0..6)
            .map(|_| tokio::spawn(PostgresKeyStore::open_or_create(url.clone())))
            .collect();
        for opened in opening {
            opened.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let serving = store(&database.url()).await;
    let client = database.client().await;
    client
        .batch_execute(
            "INSERT INTO tower_auth.credits VALUES ('key_1', 10);
             UPDATE tower_auth.store SET version = 7",
        )
        .await
        .unwrap();
    let opened = [
        PostgresKeyStore::open(database.url()).await.map(drop),
        PostgresKeyStore::open_or_create(database.url())
            .await
            .map(drop),
        // One that became newer while it was served.
        serving.changes(Revision::ZERO, 1).await.map(drop),
        serving.spend(KeyId::new("key_1")).await.map(drop),
        serving.write(testing::key_store_create(1)).await.map(drop),
        serving.renew_epoch().await.map(drop),
    ];
    for opened in opened {
        let error = opened.unwrap_err();
        let is_newer = matches!(error, KeyStoreError::NewerSchema { found: 7, known: 2 });
        assert!(is_newer, "{error:?}");
    }
    assert_eq!(
        number(&client, "SELECT remaining FROM tower_auth.credits").await,
        10
    );
    assert_eq!(
        number(&client, "SELECT count(*) FROM tower_auth.keys").await,
        0
    );
}

#[tokio::test]
async fn a_database_of_the_first_schema_becomes_one_of_the_newest() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let first = store(&database.url()).await;
    first.write(testing::key_store_create(1)).await.unwrap();
    let client = database.client().await;
    let sql = "DROP TABLE tower_auth.revocations; UPDATE tower_auth.store SET version = 1";
    client.batch_execute(sql).await.unwrap();
    assert!(first.changes(Revision::ZERO, 10).await.is_err());
    let opened = PostgresKeyStore::open(database.url()).await.unwrap();
    let keys = opened.changes(Revision::ZERO, 10).await.unwrap().value;
    assert_eq!(keys.changes.len(), 1);
    let page = opened.revocations(Revision::ZERO, 10).await.unwrap().value;
    assert!(page.changes.is_empty() && page.latest == keys.latest);
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_tables_of_another_program_are_left_as_they_are() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let client = database.client().await;
    let sql = "CREATE SCHEMA tower_auth; CREATE TABLE tower_auth.users (id int)";
    client.batch_execute(sql).await.unwrap();
    assert_eq!(
        refusal(&database.url()).await,
        "the schema tower_auth holds another program's tables: give the keys a database of their own"
    );
    let sql = "SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'tower_auth'";
    assert_eq!(number(&client, sql).await, 1);
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let client = database.client().await;
    let name = format!("{}_latin", database.name);
    let sql = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
    );
    client.batch_execute(&sql).await.unwrap();
    assert_eq!(
        refusal(&server.url(&name)).await,
        "the database does not keep texts as UTF-8: create one with ENCODING 'UTF8'"
    );
}

/// A role that may connect, and no more.
async fn role(database: &Database<'_>, grants: &str) -> String {
    let name = format!("role_{}", database.name);
    let client = database.client().await;
    let sql = format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'");
    client.batch_execute(&sql).await.unwrap();
    let grants = grants.replace("ROLE", &name);
    client.batch_execute(&grants).await.unwrap();
    let port = database.server.port();
    format!(
        "postgres://{name}:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{}",
        database.name
    )
}

#[tokio::test]
async fn a_role_without_the_right_is_told_which_one_it_lacks() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let url = role(&database, "").await;
    let said = "the user lacks a permission: let it own the schema tower_auth, or grant it USAGE there \
        and SELECT, INSERT, UPDATE and DELETE on its tables (SQLSTATE 42501)";
    assert_eq!(refusal(&url).await, said);
    store(&database.url()).await;
    let error = PostgresKeyStore::open(&url).await.unwrap_err();
    assert_eq!(reason(&error), said);
}

#[tokio::test]
async fn a_role_that_only_serves_needs_the_documented_rights_and_no_more() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    store(&database.url()).await;
    let url = role(
        &database,
        "GRANT USAGE ON SCHEMA tower_auth TO ROLE;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tower_auth TO ROLE",
    )
    .await;
    let store = PostgresKeyStore::open(&url).await.unwrap();
    store.write(testing::key_store_create(1)).await.unwrap();
    store.write(testing::key_store_revoke(1)).await.unwrap();
    store.spend(KeyId::new("key_1")).await.unwrap();
    store.touch(Vec::new()).await.unwrap();
    store.renew_epoch().await.unwrap();
    store.audit(Default::default()).await.unwrap();
}

#[tokio::test]
async fn a_role_that_owns_an_empty_schema_may_make_the_tables() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let url = role(&database, "CREATE SCHEMA tower_auth AUTHORIZATION ROLE").await;
    store(&url).await;
}

/// A restored backup has another epoch, and every process reads it from its beginning.
#[tokio::test]
async fn a_restored_backup_gets_an_epoch_of_its_own() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let serving = store(&database.url()).await;
    serving.write(testing::key_store_create(1)).await.unwrap();
    let backup = format!("{}_backup", database.name);
    let before = serving.changes(Revision::ZERO, 9).await.unwrap().value;
    serving.close();
    drop(serving);
    let admin = tower_auth_servers::connect(server.port(), "postgres").await;
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        database.name
    );
    admin.batch_execute(&sql).await.unwrap();
    let sql = format!("CREATE DATABASE {backup} TEMPLATE {}", database.name);
    admin.batch_execute(&sql).await.unwrap();
    let later = store(&database.url()).await;
    later.write(testing::key_store_revoke(1)).await.unwrap();

    let restored = store(&server.url(&backup)).await;
    let after = restored.changes(Revision::ZERO, 9).await.unwrap().value;
    assert_eq!(after, before);
    let epoch = restored.renew_epoch().await.unwrap();
    assert_ne!(epoch, before.epoch);
}
