//! Revocations that outlive a runtime, or one that nobody drives.

use std::time::Duration;

use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::kit::{Process, World, of_token, token};

fn on_this_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A process that read the list on a runtime, and another one that revokes afterwards.
fn world(reading: &Runtime) -> (World, Process) {
    let world = World::new();
    let revocations = world.revocations().with_stale_limit(Duration::ZERO);
    let process = world.process_with(revocations);
    reading.block_on(async {
        process.revocations.open().await.unwrap();
        world.process().revoke(of_token("t-1")).await;
    });
    (world, process)
}

#[test]
fn the_next_request_polls_where_the_runtime_that_polled_has_ended() {
    let ended = on_this_thread();
    let (world, process) = world(&ended);
    drop(ended);
    world.clock.advance(Duration::from_secs(2));
    on_this_thread().block_on(async {
        assert_eq!(process.status(&token(json!({}))).await, 401);
        assert_eq!(process.status(&token(json!({"jti": "t-2"}))).await, 200);
    });
}

/// The runtime is there, and nobody drives it: its task is neither finished nor alive.
#[test]
fn the_next_request_polls_where_nobody_drives_the_runtime_that_polled() {
    let idle = on_this_thread();
    let (world, process) = world(&idle);
    world.clock.advance(Duration::from_secs(4));
    on_this_thread().block_on(async {
        assert_eq!(process.status(&token(json!({}))).await, 401);
        assert_eq!(process.status(&token(json!({"jti": "t-2"}))).await, 200);
    });
    drop(idle);
}

/// The runtime of the task ends while a request of another runtime waits for that task.
#[test]
fn a_request_that_waits_polls_itself_where_the_runtime_that_polled_ends() {
    let polling = on_this_thread();
    let (world, process) = world(&polling);
    world.clock.advance(Duration::from_secs(2));
    let status = on_this_thread().block_on(async {
        let asking = tokio::spawn(async move { process.status(&token(json!({}))).await });
        tokio::task::yield_now().await;
        polling.shutdown_background();
        asking.await.unwrap()
    });
    assert_eq!(status, 401);
}
