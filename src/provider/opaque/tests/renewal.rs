//! When a token that is in use is asked about again.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_token_in_use_is_renewed_before_its_verdict_lapses() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    for _ in 0..300 {
        world.pass(1).await;
        let Authentication::Ready(answer) = world.ask("known-1", None) else {
            panic!("a caller waits for the endpoint");
        };
        assert!(answer.is_ok());
        sleep(LATENCY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn renewals_ask_at_most_a_third_more() {
    let world = World::new();
    for _ in 0..690 {
        assert_eq!(world.fault("known-1").await, None);
        world.pass(1).await;
    }
    // Without renewals it would be 23.
    assert_eq!(world.asked(), 30);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_renewed_after_the_last_use() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.pass(22).await;
    assert_eq!(world.fault("known-1").await, None);
    world.pass(100).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_requests_begin_one_renewal() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.pass(23).await;
    for _ in 0..1_000 {
        assert_eq!(world.fault("known-1").await, None);
    }
    sleep(LATENCY).await;
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_calls_the_token_inactive_holds_at_once() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.revoke("known-1");
    world.pass(23).await;
    assert_eq!(world.fault("known-1").await, None, "it is remembered");
    sleep(LATENCY).await;
    moment().await;
    assert_eq!(world.fault("known-1").await, REFUSED);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_keeps_nothing_alive() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.log.is_down.store(true, Relaxed);
    for _ in 0..29 {
        world.pass(1).await;
        assert_eq!(world.fault("known-1").await, None);
    }
    world.pass(1).await;
    assert_eq!(world.fault("known-1").await, UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_tried_once_a_second() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.log.is_down.store(true, Relaxed);
    world.pass(22).await;
    for _ in 23..30 {
        world.pass(1).await;
        for _ in 0..5 {
            assert_eq!(world.fault("known-1").await, None);
            sleep(LATENCY).await;
            moment().await;
        }
    }
    assert_eq!(world.asked(), 1 + 7);
}

#[tokio::test(start_paused = true)]
async fn what_a_renewal_says_is_true_from_when_it_asked() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.pass(23).await;
    assert_eq!(world.fault("known-1").await, None);
    moment().await;
    // The clock goes on while the endpoint thinks.
    world.clock.advance(Duration::from_secs(5));
    sleep(LATENCY).await;
    world.revoke("known-1");
    world.log.is_down.store(true, Relaxed);
    world.clock.advance(Duration::from_secs(24));
    assert_eq!(world.fault("known-1").await, None);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.fault("known-1").await, UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_verdict_of_a_second_is_not_renewed() {
    let world = World::with(|settings| settings.cache_ttl = Duration::from_secs(1));
    for _ in 0..10 {
        assert_eq!(world.fault("known-1").await, None);
    }
    sleep(LATENCY).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_ends_with_the_provider() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.pass(23).await;
    assert_eq!(world.fault("known-1").await, None);
    moment().await;
    let log = Arc::clone(&world.log);
    assert_eq!(log.running.load(Relaxed), 1);
    drop(world);
    moment().await;
    assert_eq!(log.running.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_answered_though_the_provider_is_dropped() {
    let world = World::new();
    let waiting = world.spawn("known-1", None);
    moment().await;
    drop(world);
    assert_eq!(waiting.await.unwrap(), None);
}

#[test]
fn a_remembered_token_needs_no_runtime_when_it_is_to_be_renewed() {
    let world = World::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(world.fault("known-1")), None);
    world.clock.advance(Duration::from_secs(29));
    assert!(matches!(
        world.ask("known-1", None),
        Authentication::Ready(Ok(Some(_)))
    ));
}
