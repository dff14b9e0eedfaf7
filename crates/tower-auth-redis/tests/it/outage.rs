//! Servers that die, hang, come back, and come back empty.

use std::time::{Duration, Instant};

use tower_auth::shared::{Begun, Once, SharedState};
use tower_auth_servers::Redis;

use crate::common::{PATIENCE, admit, count, reason, refusal, state, until_it_answers};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_fails_at_once_and_is_asked_again_when_it_is_back() {
    let Some(mut server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let ada = count("ada", "9 per hour");
    admit(&shared, ada).await.unwrap();
    server.kill();
    let before = Instant::now();
    for _ in 0..1_000 {
        let told = admit(&shared, ada).await.unwrap_err();
        assert!(
            told.starts_with("the server cannot be reached") || told.starts_with("the connection"),
            "{told}"
        );
    }
    assert!(before.elapsed() < PATIENCE / 6, "{:?}", before.elapsed());
    server.start_again();
    // The longest pause is half a second.
    let away = until_it_answers(&shared).await;
    println!("answers again after {away:?}");
    assert!(away < Duration::from_secs(5), "{away:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_that_the_server_closes_costs_no_call() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let ada = count("ada", "100 per hour");
    admit(&shared, ada).await.unwrap();
    let mut pause = Duration::from_millis(500);
    let mut in_a_row = 0;
    while in_a_row < 4 {
        server.run::<i64>("CLIENT KILL TYPE normal SKIPME yes");
        // The end has to arrive, which takes longer on a busy machine, and a connection that lives shortly is
        // not made anew at once.
        tokio::time::sleep(pause).await;
        match admit(&shared, ada).await {
            Ok(_) => in_a_row += 1,
            Err(error) => {
                (in_a_row, pause) = (0, pause * 2);
                assert!(pause < PATIENCE / 6, "{error}");
                until_it_answers(&shared).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_an_error_in_time_and_is_asked_again() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let impatient = shared.clone().with_wait_limit(Duration::from_millis(100));
    let ada = count("ada", "9 per hour");
    admit(&shared, ada).await.unwrap();
    server.hang();
    let before = Instant::now();
    for _ in 0..50 {
        let told = admit(&impatient, ada).await.unwrap_err();
        assert!(
            told.starts_with("the server did not answer in time"),
            "{told}"
        );
    }
    assert!(before.elapsed() < PATIENCE / 2, "{:?}", before.elapsed());
    let told = refusal(&server.url()).await;
    assert!(
        told.starts_with("the server did not answer in time"),
        "{told}"
    );
    server.go_on();
    let away = until_it_answers(&shared).await;
    println!("answers again after {away:?}");
    assert!(away < Duration::from_secs(5), "{away:?}");
}

/// A limit further out drops the call: the connection is looked at all the same.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_dropped_find_out_that_the_server_hangs() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let ada = count("ada", "1000 per hour");
    admit(&shared, ada).await.unwrap();
    server.hang();
    let before = Instant::now();
    // At first the calls are dropped; when the connection was found out, they fail at once.
    loop {
        let limit = Duration::from_millis(5);
        if let Ok(answer) = tokio::time::timeout(limit, admit(&shared, ada)).await {
            answer.unwrap_err();
            break;
        }
        assert!(before.elapsed() < PATIENCE, "nobody finds out");
    }
    server.go_on();
    until_it_answers(&shared).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_kept_on_its_disk_is_remembered_after_it_was_killed() {
    let Some(mut server) = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let (done, running) = (Once::new("test", b"done"), Once::new("test", b"running"));
    shared.finish(&done, HOUR).await.unwrap();
    shared.begin(&running, HOUR).await.unwrap();
    admit(&shared, count("ada", "1 per hour")).await.unwrap();
    server.kill();
    server.start_again();
    until_it_answers(&shared).await;
    let begin = async |name: &[u8]| shared.begin(&Once::new("test", name), HOUR).await.unwrap();
    assert_eq!(begin(b"done").await, Begun::Done);
    assert_eq!(begin(b"running").await, Begun::InProgress);
    assert_eq!(admit(&shared, count("ada", "1 per hour")).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_changes_while_the_server_is_away_is_noticed() {
    let Some(mut server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    server.kill();
    let ada = count("ada", "9 per hour");
    admit(&shared, ada).await.unwrap_err();
    server.start_again();
    server.run::<String>("CONFIG SET maxmemory-policy allkeys-lru");
    let before = Instant::now();
    loop {
        let told = admit(&shared, ada).await.unwrap_err();
        if told.contains("noeviction") {
            break;
        }
        assert!(before.elapsed() < PATIENCE, "{told}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said() {
    let port = tower_auth_servers::free_port();
    let told = refusal(&format!("redis://127.0.0.1:{port}")).await;
    assert!(
        told.starts_with("the server cannot be reached: start it"),
        "{told}"
    );
    let told = refusal("redis+unix:///no/such/socket").await;
    assert!(
        told.starts_with("the server cannot be reached: start it"),
        "{told}"
    );
}

#[test]
fn a_state_outlives_the_runtime_that_opened_it() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let shared = runtime().block_on(state(&url));
    let ada = count("ada", "9 per hour");
    let away = runtime();
    away.block_on(until_it_answers(&shared));
    assert_eq!(away.block_on(admit(&shared, ada)), Ok(Some(8)));
}

#[tokio::test]
async fn a_limit_of_any_length_is_taken() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let shared = state(&server.url()).await;
    let ada = count("ada", "9 per hour");
    let patient = shared.clone().with_wait_limit(Duration::MAX);
    assert_eq!(admit(&patient, ada).await, Ok(Some(8)));
    let hasty = shared.with_wait_limit(Duration::ZERO);
    let error = hasty.admit(&[ada]).await;
    if let Err(error) = error {
        assert!(reason(&error).starts_with("the server did not answer in time"));
    }
}
