//! What makes a database one that cannot be store.

use std::time::{Duration, Instant};

use http::StatusCode;
use tower_auth::{
    keys::{
        KeyDigest, KeyId, KeyLookup, KeyRequest, KeyStore, ManagedKeys, MemoryKeyStore, Revision,
        Spend,
    },
    testing,
};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::Postgres;

use crate::{
    common::{PATIENCE, reason, store},
    managed::{ask, keys, secret, until},
};

/// Long enough for a busy machine to tell the limit of a lock from that of the whole call.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_comes_back() {
    let Some(mut server) = Postgres::start(&[]) else {
        return;
    };
    let url = server.database().await.url();
    let keys = keys(&url).await;
    let admin = keys.as_operator("ada");
    let known = admin.create(KeyRequest::new("known")).await.unwrap();
    let id = known.key().record().id().clone();
    let known = secret(&known);
    // Well-formed, and not in this store.
    let elsewhere = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk_test").unwrap();
    let elsewhere = elsewhere.as_operator("ada");
    let unknown = elsewhere.create(KeyRequest::new("unknown"));
    let unknown = secret(&unknown.await.unwrap());
    assert_eq!(ask(&keys, &known).await, StatusCode::OK);
    assert_eq!(ask(&keys, &unknown).await, StatusCode::UNAUTHORIZED);

    server.kill();
    until(&keys, &unknown, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(ask(&keys, &known).await, StatusCode::OK);
    assert!(admin.create(KeyRequest::new("lost")).await.is_err());
    assert!(admin.revoke(&id, "lost").await.is_err());

    server.start_again();
    until(&keys, &unknown, StatusCode::UNAUTHORIZED).await;
    assert_eq!(ask(&keys, &known).await, StatusCode::OK);
    admin.revoke(&id, "lost").await.unwrap();
    assert_eq!(ask(&keys, &known).await, StatusCode::UNAUTHORIZED);

    // In order too, as for an update of the server.
    server.stop();
    until(&keys, &unknown, StatusCode::SERVICE_UNAVAILABLE).await;
    server.start_again();
    until(&keys, &unknown, StatusCode::UNAUTHORIZED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_session_keeps_is_unavailable_in_time() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let patient = store(&database.url()).await;
    let store = patient.clone().with_wait_limit(SOON);
    let other = database.client().await;
    let lock = "BEGIN; LOCK TABLE tower_auth.store, tower_auth.credits, tower_auth.keys";
    other.batch_execute(lock).await.unwrap();
    let before = Instant::now();
    let said =
        "another session holds a lock in the database: look for one that hangs (SQLSTATE 55P03)";
    let (changes, spent, written, renewed, touched) = tokio::join!(
        store.changes(Revision::ZERO, 1),
        store.spend(KeyId::new("key_1")),
        store.write(testing::key_store_create(1)),
        store.renew_epoch(),
        store.touch(Vec::new()),
    );
    for error in [
        changes.map(drop),
        spent.map(drop),
        written.map(drop),
        renewed.map(drop),
        touched,
    ] {
        assert_eq!(reason(&error.unwrap_err()), said);
    }
    assert!(before.elapsed() < PATIENCE / 4);
    // A lock is waited for.
    let waiting = tokio::spawn(patient.write(testing::key_store_create(1)));
    tokio::time::sleep(SOON / 20).await;
    assert!(!waiting.is_finished());
    other.batch_execute("COMMIT").await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    let client = database.client().await;
    client
        .batch_execute(
            "INSERT INTO tower_auth.credits VALUES ('key_1', 10);
             CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_sleep(60); RETURN new; END $$;
             CREATE TRIGGER slow BEFORE UPDATE ON tower_auth.credits
                 FOR EACH ROW EXECUTE FUNCTION public.slow()",
        )
        .await
        .unwrap();
    let before = Instant::now();
    let impatient = store.clone().with_wait_limit(SOON);
    let error = impatient.spend(KeyId::new("key_1")).await.unwrap_err();
    assert_eq!(
        reason(&error),
        "the database did not answer in time: look for what keeps it busy, or raise the wait limit \
         (SQLSTATE 57014)"
    );
    assert!(before.elapsed() < PATIENCE / 4);
    let drop = "DROP TRIGGER slow ON tower_auth.credits";
    client.batch_execute(drop).await.unwrap();
    store.spend(KeyId::new("key_1")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_all_in_use_are_waited_for_and_then_said() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await.with_connections(1);
    let other = database.client().await;
    let lock = "BEGIN; SELECT FROM tower_auth.store FOR UPDATE";
    other.batch_execute(lock).await.unwrap();
    let busy = tokio::spawn(store.write(testing::key_store_create(1)));
    // It has the connection when it waits for the lock.
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let looking = database.client().await;
    while looking
        .query_one(waiting, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {
        tokio::time::sleep(SOON / 200).await;
    }
    let impatient = store.clone().with_wait_limit(SOON);
    let error = impatient.spend(KeyId::new("key_1")).await.unwrap_err();
    assert_eq!(
        reason(&error),
        "all connections to the database are in use: look for what keeps it busy, or allow more with \
         PostgresKeyStore::with_connections"
    );
    let waiting = tokio::spawn(store.spend(KeyId::new("key_1")));
    other.batch_execute("COMMIT").await.unwrap();
    busy.await.unwrap().unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().value, Spend::NoAccount);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_waits_for_no_other_call() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await.with_connections(1);
    let other = database.client().await;
    let lock = "BEGIN; SELECT FROM tower_auth.store FOR UPDATE";
    other.batch_execute(lock).await.unwrap();
    let busy = tokio::spawn(store.write(testing::key_store_create(1)));
    tokio::time::sleep(SOON / 20).await;
    let changes = store.changes(Revision::ZERO, 1).await.unwrap();
    assert_eq!(changes.value.latest, Revision::ZERO);
    assert!(!busy.is_finished());
    other.batch_execute("COMMIT").await.unwrap();
    busy.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_of_unknown_keys_leave_half_of_the_connections() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await.with_connections(2);
    let other = database.client().await;
    let lock = "BEGIN; LOCK TABLE tower_auth.keys";
    other.batch_execute(lock).await.unwrap();
    let strangers: Vec<_> = (0..8_u8)
        .map(|number| {
            let digest = KeyDigest::of_key(&[number]);
            tokio::spawn(store.find(KeyLookup::Digest(digest)))
        })
        .collect();
    tokio::time::sleep(SOON / 20).await;
    let spent = store.spend(KeyId::new("key_1")).await.unwrap();
    assert_eq!(spent.value, Spend::NoAccount);
    assert!(strangers.iter().all(|stranger| !stranger.is_finished()));
    other.batch_execute("COMMIT").await.unwrap();
    for stranger in strangers {
        assert!(stranger.await.unwrap().unwrap().value.is_none());
    }
}

/// Each kind of refusal has its advice, and what the server says beside it is told to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_says_in_the_middle_of_a_change_becomes_advice() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    let client = database.client().await;
    for (code, said) in [
        ("53100", "the server's disk is full: make room"),
        (
            "53200",
            "the server has no memory left: give it more, or less to do",
        ),
        (
            "25006",
            "the server only reads: name the primary in the URL, or end its read-only mode",
        ),
        (
            "57P01",
            "the server is starting or stopping: wait, or look at its log",
        ),
        (
            "40001",
            "the server gave the transaction up for another one: try again",
        ),
        ("XX001", "the database is damaged: restore a backup"),
        (
            "53300",
            "the server has no connection left: raise its max_connections, or ask for fewer with \
             PostgresKeyStore::with_connections",
        ),
        (
            "40P01",
            "the server gave the transaction up for another one: try again",
        ),
        (
            "08P01",
            "the server or a pooler ended the connection: look at its log",
        ),
        ("P0001", "the server refuses: look at its log"),
    ] {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = '{code}', DETAIL = 'canary'; END $$;
             CREATE OR REPLACE TRIGGER refuse BEFORE UPDATE ON tower_auth.store
                 FOR EACH ROW EXECUTE FUNCTION public.refuse()"
        );
        client.batch_execute(&sql).await.unwrap();
        for error in [
            store.write(testing::key_store_create(1)).await.map(drop),
            store.renew_epoch().await.map(drop),
        ] {
            let error = error.unwrap_err();
            assert_eq!(reason(&error), format!("{said} (SQLSTATE {code})"));
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
    // Nothing of it is there, and the store goes on.
    let sql = "DROP TRIGGER refuse ON tower_auth.store";
    client.batch_execute(sql).await.unwrap();
    let written = store.write(testing::key_store_create(1)).await;
    written.unwrap();
    let changes = store.changes(Revision::ZERO, 9).await.unwrap().value;
    assert_eq!(changes.latest, Revision::new(1));
}

#[tokio::test]
async fn a_database_that_only_reads_is_read_and_not_written() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    store(&database.url()).await;
    let sql = format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name
    );
    database.client().await.batch_execute(&sql).await.unwrap();
    let store = PostgresKeyStore::open(database.url()).await.unwrap();
    store.changes(Revision::ZERO, 1).await.unwrap();
    let error = store.write(testing::key_store_create(1)).await.unwrap_err();
    assert_eq!(
        reason(&error),
        "the server only reads: name the primary in the URL, or end its read-only mode (SQLSTATE 25006)"
    );
}

#[tokio::test]
async fn a_standby_is_refused() {
    // One of its own: with few databases, that are copied.
    let Some(server) = Postgres::start(&[]) else {
        return;
    };
    let url = server.database().await.url();
    store(&url).await;
    let standby = server.standby();
    let url = url.replace(
        &format!(":{}/", server.port()),
        &format!(":{}/", standby.port()),
    );
    let said = "the server is a standby, which may be behind: name the primary in the URL";
    for opened in [
        PostgresKeyStore::open(&url).await,
        PostgresKeyStore::open_or_create(&url).await,
    ] {
        assert_eq!(reason(&opened.unwrap_err()), said);
    }
    // Of several hosts the one that takes changes.
    let both = format!("127.0.0.1:{},127.0.0.1:{}", standby.port(), server.port());
    let url = url.replace(&format!("127.0.0.1:{}", standby.port()), &both);
    PostgresKeyStore::open(&url).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_is_unavailable_for_every_clone() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database().await.url();
    let store = store(&url).await;
    let clone = store.clone();
    store.close();
    let error = clone.changes(Revision::ZERO, 1).await.unwrap_err();
    assert_eq!(reason(&error), "the store is closed: open it anew");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_unavailable_and_not_passed_over() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    let sql = "INSERT INTO tower_auth.keys (id, digest, revision, account, record)
            VALUES ('key_1', decode(repeat('00', 32), 'hex'), 1, 'key_1', '{\"id\": \"canary\"}');
         UPDATE tower_auth.store SET revision = 1";
    database.client().await.batch_execute(sql).await.unwrap();
    let error = store.changes(Revision::ZERO, 10).await.unwrap_err();
    assert_eq!(
        reason(&error),
        "the database holds what this program does not write: restore a backup"
    );
}
