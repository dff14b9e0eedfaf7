//! What tells nobody a key, a digest or a password.

use std::{
    fmt::Write as _,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tower_auth::{
    keys::{KeyLookup, KeyQuery, KeyRequest, KeyStore},
    testing,
};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::{Database, ESCAPED_PASSWORD, PASSWORD, Postgres};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    common::store,
    managed::{ask, keys, secret},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// All that stands in columns of the database, apart from those that are digests.
async fn all_texts(database: &Database<'_>) -> String {
    let client = database.client().await;
    let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns
        WHERE table_schema = 'tower_auth' AND column_name <> 'digest'";
    let mut texts = String::new();
    for column in client.query(sql, &[]).await.unwrap() {
        let (table, column) = (column.get::<_, &str>(0), column.get::<_, &str>(1));
        let sql = format!("SELECT coalesce({column}::text, '') FROM tower_auth.{table}");
        for row in client.query(&sql, &[]).await.unwrap() {
            texts.push_str(row.get(0));
            texts.push('\n');
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_key_and_no_text_holds_a_digest() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let keys = keys(&database.url()).await;
    let admin = keys.as_operator("ada");
    let first = admin.create(KeyRequest::new("first")).await.unwrap();
    let id = first.key().record().id();
    let next = admin.rotate(id, Duration::from_secs(60)).await.unwrap();
    admin.revoke(id, "lost").await.unwrap();
    let store = store(&database.url()).await;
    let texts = all_texts(&database).await;
    assert!(texts.len() > 1_000, "{texts}");
    for made in [&first, &next] {
        let lookup = KeyLookup::Id(made.key().record().id().clone());
        let digest = *store
            .find(lookup)
            .await
            .unwrap()
            .value
            .unwrap()
            .digest()
            .as_bytes();
        assert!(!texts.to_lowercase().contains(&hex(&digest)), "{texts}");
        let secret = secret(made);
        // Its first characters are kept to know it again.
        let random = &secret["sk_test_".len() + 4..][..28];
        assert!(!texts.contains(random), "{texts}");
        let pattern = hex(random.as_bytes());
        assert!(!texts.contains(&pattern), "{texts}");
    }
}

#[tokio::test]
async fn no_error_and_no_debug_form_tells_a_digest_or_a_password() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let store = store(&database.url()).await;
    store.write(testing::key_store_create(1)).await.unwrap();
    let lookup = KeyLookup::Id(testing::key_store_id(1));
    let digest = *store
        .find(lookup)
        .await
        .unwrap()
        .value
        .unwrap()
        .digest()
        .as_bytes();
    let taken = store.write(testing::key_store_create(1)).await.unwrap_err();
    // The server's own refusal quotes the row: a check is added behind the store's back.
    let sql = "ALTER TABLE tower_auth.keys ADD CHECK (record NOT LIKE '%revoked%')";
    database.client().await.batch_execute(sql).await.unwrap();
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
    for secret in [
        &hex(&digest),
        &format!("{digest:?}"),
        PASSWORD,
        ESCAPED_PASSWORD,
    ] {
        assert!(!told.to_lowercase().contains(secret), "{told}");
    }
    assert!(!told.contains("Failing row"), "{told}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// At the most talkative level, of this crate and of those beneath it.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_tells_a_key_a_digest_or_a_password() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let log = Log::default();
    // It listens to the `log` crate too, which the engine writes to.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let database = server.database().await;
    let keys = keys(&database.url()).await;
    let made = keys.as_operator("ada").create(KeyRequest::new("ci")).await;
    let made = made.unwrap();
    ask(&keys, &secret(&made)).await;
    ask(&keys, &secret(&made).replace("sk_test_", "sk_test_x")).await;
    let wrong = database.url().replace(ESCAPED_PASSWORD, "wrong-canary");
    PostgresKeyStore::open(&wrong).await.unwrap_err();
    let away = format!("postgres://postgres:{ESCAPED_PASSWORD}@127.0.0.1:1/keys");
    PostgresKeyStore::open(&away).await.unwrap_err();
    let store = store(&database.url()).await;
    let lookup = KeyLookup::Id(made.key().record().id().clone());
    let digest = *store
        .find(lookup)
        .await
        .unwrap()
        .value
        .unwrap()
        .digest()
        .as_bytes();
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.client().await.batch_execute(sql).await.unwrap();
    let _ = store.find(KeyLookup::Id(testing::key_store_id(1))).await;

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).to_lowercase();
    assert!(
        log.contains("tokio_postgres"),
        "the engine was not heard: {log}"
    );
    let random = secret(&made)["sk_test_".len() + 4..][..28].to_lowercase();
    for secret in [&random, &hex(&digest), "canary-pw", "wrong-canary"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

/// Whatever the database says of its sessions, a commit is on the disk before it is answered, names mean
/// what they say, and nothing is left behind.
#[tokio::test]
async fn what_a_database_says_of_its_sessions_weakens_nothing() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    store(&database.url()).await;
    let client = database.client().await;
    let name = &database.name;
    let sql = format!(
        "CREATE TABLE public.seen (name text, value text);
         CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO public.seen SELECT name, setting FROM pg_catalog.pg_settings
                 WHERE name IN ('synchronous_commit', 'search_path', 'transaction_isolation');
             RETURN new; END $$;
         CREATE TRIGGER look BEFORE UPDATE ON tower_auth.store
             FOR EACH ROW EXECUTE FUNCTION public.look();
         CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE FUNCTION public.floor(double precision) RETURNS double precision
             LANGUAGE sql AS 'SELECT 0::double precision';
         ALTER DATABASE {name} SET synchronous_commit = off;
         ALTER DATABASE {name} SET search_path = public, pg_catalog;
         ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
    );
    client.batch_execute(&sql).await.unwrap();
    let store = PostgresKeyStore::open(database.url()).await.unwrap();
    store.write(testing::key_store_create(1)).await.unwrap();
    let sql = "SELECT string_agg(DISTINCT name || ' ' || value, ', ' ORDER BY name || ' ' || value)
        FROM public.seen";
    let seen: String = client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(
        seen,
        "search_path pg_catalog, synchronous_commit on, transaction_isolation read committed"
    );
}
