//! What is over goes from the tables of the shared state, whoever else is at them.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tower_auth::shared::{Begun, Once, SharedState};
use tower_auth_servers::{PATIENCE, Postgres};

use crate::shared::{count, number, sql, state};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_removed_and_what_is_not_stays() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let shared = state(&database.url()).await;
    let (short, long) = (count("a", "1000 per second"), count("b", "1 per hour"));
    shared.admit(&[short, long]).await.unwrap();
    let (over, kept) = (Once::new("test", b"over"), Once::new("test", b"kept"));
    shared
        .finish(&over, Duration::from_millis(1))
        .await
        .unwrap();
    // More than are removed at once.
    sql(
        &database,
        "INSERT INTO tower_auth_shared.counts SELECT decode(lpad(to_hex(one), 32, '0'), 'hex'), 1, 1
            FROM generate_series(1, 2500) AS one;
         INSERT INTO tower_auth_shared.once SELECT decode(lpad(to_hex(one), 64, '0'), 'hex'), NULL, 1
            FROM generate_series(1, 2500) AS one",
    )
    .await;
    shared.finish(&kept, HOUR).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    // A process that opens the state sweeps.
    let _other = state(&database.url()).await;
    for table in ["counts", "once"] {
        let rows = format!("SELECT count(*) FROM tower_auth_shared.{table}");
        while number(&database, &rows).await != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let begun = shared.begin(&Once::new("test", b"kept"), HOUR).await;
    assert_eq!(begun.unwrap(), Begun::Done);
}

/// What is logged while a test runs on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_sweep_that_fails_is_told_in_the_log() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    drop(state(&database.url()).await);
    sql(
        &database,
        "ALTER TABLE tower_auth_shared.once RENAME TO elsewhere",
    )
    .await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let _state = state(&database.url()).await;
    let before = Instant::now();
    loop {
        let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        if told.contains("cannot be removed from the tables of the shared state") {
            assert!(told.contains("WARN"), "{told}");
            break;
        }
        assert!(before.elapsed() < PATIENCE, "{told}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_sweep_at_once_wait_for_nobody_and_for_no_request() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let shared = state(&database.url()).await;
    sql(
        &database,
        "INSERT INTO tower_auth_shared.counts SELECT decode(lpad(to_hex(one), 32, '0'), 'hex'), 1, 1
            FROM generate_series(1, 20000) AS one",
    )
    .await;
    // Rows that somebody has, of which no sweep waits for any.
    let mut held = database.client().await;
    let held = held.transaction().await.unwrap();
    let lock = "SELECT FROM tower_auth_shared.counts ORDER BY bucket DESC LIMIT 100 FOR UPDATE";
    held.query(lock, &[]).await.unwrap();
    let sweeping = [
        state(&database.url()).await,
        state(&database.url()).await,
        state(&database.url()).await,
    ];
    let rows = "SELECT count(*) FROM tower_auth_shared.counts WHERE at = 1";
    let before = Instant::now();
    while number(&database, rows).await != 100 {
        assert!(before.elapsed() < PATIENCE, "a sweep waits for a row");
        let admitted = shared.admit(&[count("ada", "1000000 per second")]).await;
        admitted.unwrap();
    }
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(number(&database, deadlocks).await, 0);
    drop((sweeping, held));
}
