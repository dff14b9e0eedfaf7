//! What replicas share in a database [14.4] [11.2].

use std::{error::Error, sync::Arc, time::Duration};

use tower_auth::{
    shared::{Admission, Begun, Count, MemorySharedState, Once, SharedState, SharedStateError},
    testing::{self, ManualClock},
};
use tower_auth_postgres::PostgresSharedState;
use tower_auth_servers::{Database, PATIENCE, Pooler, Postgres};

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

pub(super) async fn state(url: &str) -> PostgresSharedState {
    match PostgresSharedState::open_or_create(url).await {
        Ok(state) => state.with_wait_limit(PATIENCE),
        Err(error) => panic!("{}", reason(&error)),
    }
}

pub(super) fn reason(error: &SharedStateError) -> String {
    error.source().unwrap().to_string()
}

pub(super) fn count(subject: &str, quota: &str) -> Count {
    Count::new("test", subject, quota.parse().unwrap())
}

pub(super) async fn sql(database: &Database<'_>, sql: &str) {
    database.client().await.batch_execute(sql).await.unwrap();
}

pub(super) async fn number(database: &Database<'_>, sql: &str) -> i64 {
    database
        .client()
        .await
        .query_one(sql, &[])
        .await
        .unwrap()
        .get(0)
}

/// The claims, with two states of one URL.
async fn claims(database: &Database<'_>, url: &str) {
    testing::shared_state(async || {
        sql(database, "DROP SCHEMA IF EXISTS tower_auth_shared CASCADE").await;
        let handles = [state(url).await, state(url).await];
        let handles = handles.map(|state| Arc::new(state) as Arc<dyn SharedState>);
        // The server's clock and ours are one; a little more, because timers may be early.
        let pass = async |by| tokio::time::sleep(by + Duration::from_millis(20)).await;
        (handles, pass)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_shared_state_promises_holds_over_two_states_of_one_database() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    claims(&database, &database.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_shared_state_promises_holds_behind_a_pooler_in_transaction_mode() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let Some(pooler) = Pooler::start(server) else {
        return;
    };
    let database = server.database().await;
    claims(&database, &pooler.url(&database.name)).await;
}

/// Quotas whose units do not come back while a test runs.
const QUOTAS: [&str; 4] = [
    "1 per 366 days",
    "7 per day",
    "1000 per 30 days, burst 50",
    "9 per day, burst 3",
];

/// They are the same but for the time that passes while the server is asked.
fn agree(one: Admission, other: Admission) -> bool {
    match (one, other) {
        (
            Admission::Refused {
                longest: one,
                retry_after: wait,
            },
            Admission::Refused {
                longest: other,
                retry_after,
            },
        ) => one == other && wait.abs_diff(retry_after) < Duration::from_secs(60),
        (one, other) => one == other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_as_the_state_in_memory_does() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let shared = state(&database.url()).await;
    // Numbers that look random, and are the same each time.
    let mut seed = 0x5eed_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for round in 0..60 {
        let memory = MemorySharedState::new().with_clock(ManualClock::now().clock());
        for _ in 0..8 {
            let counts: Vec<_> = (0..=random(3))
                .map(|_| {
                    let subject = format!("{round} {}", random(3));
                    let quota = QUOTAS[usize::try_from(random(4)).unwrap()];
                    let units = [0, 1, 1, 2, 3, 40][usize::try_from(random(6)).unwrap()];
                    count(&subject, quota).with_units(units)
                })
                .collect();
            match random(5) {
                0 => {
                    shared.charge(&counts).await.unwrap();
                    memory.charge(&counts).await.unwrap();
                }
                1 => {
                    shared.give_back(&counts).await.unwrap();
                    memory.give_back(&counts).await.unwrap();
                }
                _ => {
                    let one = shared.admit(&counts).await.unwrap();
                    let other = memory.admit(&counts).await.unwrap();
                    assert!(agree(one, other), "{one:?} {other:?} {counts:?}");
                }
            }
        }
    }
    // Beyond all numbers.
    let far = count("far", "1 per 366 days").with_units(u32::MAX);
    shared.charge(&[far, far]).await.unwrap();
    let refused = shared.admit(&[far]).await.unwrap();
    assert!(matches!(refused, Admission::Refused { longest: 0, .. }));
}

/// Each takes two buckets, in one order or the other.
#[tokio::test(flavor = "multi_thread")]
async fn many_requests_at_once_are_admitted_exactly_as_often_as_the_limit_says() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let url = database.url();
    let states = [Arc::new(state(&url).await), Arc::new(state(&url).await)];
    let requests: Vec<_> = (0..400)
        .map(|number| {
            let state = Arc::clone(&states[number % 2]);
            let mut counts = [count("ada", "100 per hour"), count("all", "500 per hour")];
            if number % 3 == 0 {
                counts.reverse();
            }
            tokio::spawn(async move { state.admit(&counts).await.unwrap() })
        })
        .collect();
    let mut admitted = 0;
    for request in requests {
        let answer = request.await.unwrap();
        admitted += usize::from(matches!(answer, Admission::Admitted { .. }));
    }
    assert_eq!(admitted, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_counts_anew_and_remembers_what_was_done() {
    let Some(mut server) = Postgres::start(&[]) else {
        return;
    };
    let url = server.database().await.url();
    let shared = state(&url).await;
    let ada = count("ada", "1 per hour");
    let done = Once::new("test", b"done");
    shared.admit(&[ada]).await.unwrap();
    shared.finish(&done, HOUR).await.unwrap();
    server.kill();
    let error = shared.begin(&done, HOUR).await.unwrap_err();
    assert!(!reason(&error).is_empty());
    shared.admit(&[ada]).await.unwrap_err();
    server.start_again();
    let begun = loop {
        match shared.begin(&Once::new("test", b"done"), HOUR).await {
            Ok(begun) => break begun,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!(begun, Begun::Done);
    let admitted = shared.admit(&[ada]).await.unwrap();
    assert!(
        matches!(admitted, Admission::Admitted { .. }),
        "{admitted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_set_back_neither_gives_nor_locks() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let shared = state(&database.url()).await;
    let ada = count("ada", "2 per 2 seconds, burst 1");
    shared.admit(&[ada]).await.unwrap();
    // It was an hour ahead when it wrote.
    sql(
        &database,
        "UPDATE tower_auth_shared.counts SET at = at + 3600000000",
    )
    .await;
    let refused = shared.admit(&[ada]).await.unwrap();
    assert!(matches!(refused, Admission::Refused { .. }), "{refused:?}");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let admitted = shared.admit(&[ada]).await.unwrap();
    assert!(
        matches!(admitted, Admission::Admitted { .. }),
        "{admitted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_session_keeps_is_an_error_in_time() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let shared = state(&database.url())
        .await
        .with_wait_limit(Duration::from_secs(1));
    let other = database.client().await;
    let lock = "BEGIN; LOCK TABLE tower_auth_shared.counts, tower_auth_shared.once";
    other.batch_execute(lock).await.unwrap();
    let error = shared
        .admit(&[count("ada", "1 per hour")])
        .await
        .unwrap_err();
    assert!(
        reason(&error).contains("another session holds a lock"),
        "{}",
        reason(&error)
    );
    let error = shared
        .begin(&Once::new("test", b"x"), HOUR)
        .await
        .unwrap_err();
    assert!(
        reason(&error).contains("another session holds a lock"),
        "{}",
        reason(&error)
    );
}

/// Whoever waits a few milliseconds is slower than a connection to another machine is made.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_dropped_early_leave_a_connection_for_the_next_one() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    state(&database.url()).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let port = server.port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", port))
                    .await
                    .unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let url = database
        .url()
        .replace(&format!("127.0.0.1:{port}"), &address.to_string());
    let shared = state(&url).await;
    sql(
        &database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    let before = std::time::Instant::now();
    loop {
        let limit = Duration::from_millis(30);
        let asked = shared.admit(&[count("ada", "1000000 per second")]);
        if let Ok(Ok(_)) = tokio::time::timeout(limit, asked.into_future()).await {
            break;
        }
        assert!(before.elapsed() < PATIENCE / 2, "no call is ever answered");
    }
}

/// A name that is over and not removed yet is nobody's: of two who begin it at once, one is at it.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_begin_at_once_what_is_over_the_second_is_not_told_that_it_is_done() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let shared = state(&database.url()).await;
    for number in 0..20 {
        let name = format!("over {number}");
        let once = Once::new("test", name.as_bytes());
        shared
            .finish(&once, Duration::from_millis(1))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let attempts = [(); 2].map(|()| Once::new("test", name.as_bytes()));
        let begun = tokio::join!(
            shared.begin(&attempts[0], HOUR).into_future(),
            shared.begin(&attempts[1], HOUR).into_future()
        );
        let mut begun = [begun.0.unwrap(), begun.1.unwrap()];
        begun.sort_by_key(|begun| *begun != Begun::New);
        assert_eq!(begun, [Begun::New, Begun::InProgress]);
    }
}
