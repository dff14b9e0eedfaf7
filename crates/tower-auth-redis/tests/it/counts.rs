//! Counts, beside those in memory and one after the other on the server's clock.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tower_auth::{
    shared::{Admission, Count, MemorySharedState, SharedState},
    testing::ManualClock,
};
use tower_auth_servers::Redis;

use crate::common::{PATIENCE, admit, count, state};

/// One call, of up to three counts.
#[derive(Clone, Debug)]
struct Step {
    call: u8,
    counts: Vec<(u8, u8, u32)>,
}

/// Quotas whose units do not come back while a test runs.
const QUOTAS: [&str; 4] = [
    "1 per 366 days",
    "7 per day",
    "1000 per 30 days, burst 50",
    "9 per day, burst 3",
];

const CENTURIES: Duration = Duration::from_secs(500 * 366 * 86_400);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let count = (
        0..3_u8,
        0..4_u8,
        prop_oneof![0..4_u32, Just(40), Just(u32::MAX)],
    );
    let counts = prop::collection::vec(count, 1..4);
    let step = (0..5_u8, counts).prop_map(|(call, counts)| Step { call, counts });
    prop::collection::vec(step, 1..12)
}

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
        ) => {
            // What is beyond all numbers is so for both, by a nanosecond more or less.
            let is_beyond = wait > CENTURIES && retry_after > CENTURIES;
            is_beyond || one == other && wait.abs_diff(retry_after) < Duration::from_secs(60)
        }
        (one, other) => one == other,
    }
}

#[test]
fn it_counts_as_the_state_in_memory_does() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config::with_cases(150));
    let result = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let shared = state(&server.url()).await;
            let memory = MemorySharedState::new().with_clock(ManualClock::now().clock());
            for step in &steps {
                let counts: Vec<Count> = step
                    .counts
                    .iter()
                    .map(|(subject, quota, units)| {
                        count(&subject.to_string(), QUOTAS[usize::from(*quota)]).with_units(*units)
                    })
                    .collect();
                match step.call {
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
                        prop_assert!(agree(one, other), "{one:?} {other:?} {step:?}");
                    }
                }
            }
            Ok(())
        })
    });
    result.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_at_once_are_admitted_exactly_as_often_as_the_limit_says() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let url = server.url();
    let states = [Arc::new(state(&url).await), Arc::new(state(&url).await)];
    let requests: Vec<_> = (0..1_000)
        .map(|number| {
            let state = Arc::clone(&states[number % 2]);
            tokio::spawn(async move { admit(&state, count("ada", "300 per hour")).await })
        })
        .collect();
    let mut admitted = 0;
    for request in requests {
        admitted += usize::from(request.await.unwrap().unwrap().is_some());
    }
    assert_eq!(admitted, 300);
}

#[tokio::test]
async fn a_bucket_that_is_full_again_takes_no_memory() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let shared = state(&server.url_of("test-gone")).await;
    // Long enough for a busy machine to look while it is there.
    let (short, long) = (count("a", "1 per 3 seconds"), count("b", "1 per hour"));
    shared.admit(&[short, long]).await.unwrap();
    assert_eq!(server.names("test-gone").len(), 2);
    let before = Instant::now();
    while server.names("test-gone").len() > 1 {
        assert!(before.elapsed() < PATIENCE, "it stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    shared.give_back(&[long]).await.unwrap();
    assert_eq!(server.names("test-gone").len(), 0);
}

/// Everything that is kept has an end: nothing stays for ever.
#[tokio::test]
async fn every_name_has_an_end() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let shared = state(&server.url_of("test-ends")).await;
    let far = count("a", "1 per 366 days").with_units(u32::MAX);
    shared.charge(&[far, far, far]).await.unwrap();
    let once = tower_auth::shared::Once::new("test", b"x");
    shared.begin(&once, Duration::MAX).await.unwrap();
    let names = server.names("test-ends");
    assert_eq!(names.len(), 2);
    for name in names {
        assert!(server.run::<i64>(&format!("PTTL {name}")) > 0, "{name}");
    }
}

/// The server's clock was an hour ahead when it wrote.
#[tokio::test]
async fn a_server_whose_clock_is_set_back_neither_gives_nor_locks() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let shared = state(&server.url_of("test-back")).await;
    let ada = count("ada", "2 per 2 seconds, burst 1");
    assert_eq!(admit(&shared, ada).await, Ok(Some(0)));
    let [name] = &*server.names("test-back") else {
        panic!("one bucket")
    };
    let kept: String = server.run(&format!("GET {name}"));
    let (lack, at) = kept.split_once(' ').unwrap();
    let (seconds, rest) = at.split_once('.').unwrap();
    let later = seconds.parse::<u64>().unwrap() + 3_600;
    let mut client = server.client().unwrap();
    redis::cmd("SET")
        .arg(name)
        .arg(format!("{lack} {later}.{rest}"))
        .arg("PX")
        .arg(3_600_000)
        .query::<()>(&mut client)
        .unwrap();
    assert_eq!(admit(&shared, ada).await, Ok(None));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(admit(&shared, ada).await, Ok(Some(0)));
}

#[tokio::test]
async fn another_programs_value_is_no_bucket_and_stays() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let shared = state(&server.url_of("test-foreign")).await;
    let ada = count("ada", "2 per hour");
    admit(&shared, ada).await.unwrap();
    let [name] = &*server.names("test-foreign") else {
        panic!("one bucket")
    };
    for command in ["SET {} 12", "LPUSH {} 12"] {
        server.run::<i64>(&format!("DEL {name}"));
        server.run::<redis::Value>(&command.replace("{}", name));
        let told = admit(&shared, ada).await.unwrap_err();
        assert!(told.contains("namespace of its own"), "{told}");
        assert_eq!(server.run::<i64>(&format!("EXISTS {name}")), 1);
    }
}

#[tokio::test]
async fn scripts_that_the_server_lost_are_given_to_it_again() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let ada = count("ada", "3 per hour");
    let once = tower_auth::shared::Once::new("test", b"x");
    for left in [2, 1, 0] {
        assert_eq!(admit(&shared, ada).await, Ok(Some(left)));
        shared.abandon(&once).await.unwrap();
        server.run::<String>("SCRIPT FLUSH");
    }
}

#[tokio::test]
async fn a_request_is_one_round_trip() {
    let Some(server) = Redis::start(&[]) else {
        return;
    };
    let shared = state(&server.url()).await;
    let counts: Vec<_> = (0..8)
        .map(|one| count(&one.to_string(), "9 per hour"))
        .collect();
    shared.admit(&counts).await.unwrap();
    server.run::<String>("CONFIG RESETSTAT");
    for _ in 0..5 {
        shared.admit(&counts).await.unwrap();
    }
    let stats: String = server.run("INFO commandstats");
    assert!(stats.contains("cmdstat_evalsha:calls=5,"), "{stats}");
    assert!(!stats.contains("cmdstat_eval:"), "{stats}");
}
