//! A store that fails, hangs, forgets and comes back.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tower_auth::{
    keys::{KeyAdminError, Revocation},
    revocations::RevocationStoreError,
};

use super::kit::{Mood, World, ada, of_token, token};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_process_that_never_read_a_list_lets_nobody_in() {
    for mood in [
        Mood::Failing,
        Mood::Hanging,
        Mood::Panicking,
        Mood::WithoutMarker,
    ] {
        let world = World::new();
        world.store.is(mood);
        let process = world.process();
        assert_eq!(process.status(&token(json!({}))).await, 503);
        assert_eq!(process.status(&token(json!({}))).await, 503);
        world.store.is(Mood::Well);
        world.pass(SECOND * 4).await;
        assert_eq!(process.status(&token(json!({}))).await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_holds_for_the_stale_limit_and_then_nobody_is_let_in() {
    let world = World::new();
    let process = world.process();
    process.revoke(of_token("t-1")).await;
    let (revoked, other) = (token(json!({})), token(json!({"jti": "t-2"})));
    assert_eq!(process.status(&other).await, 200);
    world.store.is(Mood::Failing);
    world.pass(SECOND * 30).await;
    assert_eq!(process.status(&other).await, 200);
    assert_eq!(process.status(&revoked).await, 401);
    world.pass(SECOND * 31).await;
    assert_eq!(process.status(&other).await, 503);
    assert_eq!(process.status(&revoked).await, 401);
    world.store.is(Mood::Well);
    world.pass(SECOND).await;
    assert_eq!(process.status(&other).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_stale_limit_of_zero_is_a_second() {
    let world = World::new();
    let process = world.process_with(world.revocations().with_stale_limit(Duration::ZERO));
    process.revocations.open().await.unwrap();
    world.store.is(Mood::Failing);
    world.pass(SECOND * 2).await;
    assert_eq!(process.status(&token(json!({}))).await, 503);
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_half_a_second_for_a_store_that_hangs() {
    let world = World::new();
    world.store.is(Mood::Hanging);
    let process = world.process();
    let begun = tokio::time::Instant::now();
    assert_eq!(process.status(&token(json!({}))).await, 503);
    assert_eq!(begun.elapsed().as_millis(), 500);
}

#[tokio::test(start_paused = true)]
async fn another_process_refuses_within_the_next_poll() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    other.revocations.open().await.unwrap();
    one.revoke(of_token("t-1")).await;
    tokio::time::sleep(Duration::from_millis(260)).await;
    assert_eq!(other.status(&token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_away_asks_before_it_answers() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    assert_eq!(other.status(&token(json!({}))).await, 200);
    one.revoke(of_token("t-1")).await;
    // The clock moved on and no poll ran meanwhile.
    world.clock.advance(SECOND * 10);
    assert_eq!(other.status(&token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_answered_late_brings_nothing_back() {
    let world = World::new();
    let process = world.process();
    assert_eq!(process.status(&token(json!({}))).await, 200);
    world.store.is(Mood::HoldingBack);
    world.store.read.acquire().await.unwrap().forget();
    // The feed was read before the revocation, and is answered after it.
    process.revoke(of_token("t-1")).await;
    process.revoke(Revocation::principal(ada())).await;
    world.store.is(Mood::Well);
    world.store.permits.add_permits(1);
    tokio::time::sleep(SECOND).await;
    assert_eq!(process.status(&token(json!({}))).await, 401);
    assert_eq!(process.revocations.known(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_forgot_everything_gets_it_back_and_nobody_is_let_in_meanwhile() {
    let world = World::new();
    let process = world.process();
    process.revoke(of_token("t-1")).await;
    process.revoke(Revocation::principal(ada())).await;
    process.revocations.open().await.unwrap();
    let before = world.store.entries().await;
    world.store.forget();
    world.pass(SECOND).await;
    assert_eq!(process.status(&token(json!({}))).await, 401);
    let mut after = world.store.entries().await;
    after.sort_by_key(|entry| before.iter().position(|old| old == entry));
    assert_eq!(after, before);
    // One that comes later knows it too.
    assert_eq!(world.process().status(&token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_store_without_a_marker_gets_one_from_whoever_has_the_list() {
    let world = World::new();
    let process = world.process();
    process.revoke(of_token("t-1")).await;
    process.revocations.open().await.unwrap();
    world.store.forget();
    world.store.is(Mood::WithoutMarker);
    let late = world.process();
    assert_eq!(late.status(&token(json!({"jti": "t-2"}))).await, 503);
    world.pass(SECOND).await;
    assert_eq!(late.status(&token(json!({}))).await, 401);
    assert_eq!(late.status(&token(json!({"jti": "t-2"}))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_begun_by_an_operator_where_nobody_has_one() {
    let world = World::new();
    world.store.is(Mood::WithoutMarker);
    let process = world.process();
    let error = process.revocations.open().await.unwrap_err();
    assert!(matches!(error, RevocationStoreError::Lost), "{error:?}");
    assert_eq!(world.store.restored.load(Ordering::Relaxed), 0);
    process.revocations.begin().await.unwrap();
    world.pass(SECOND).await;
    assert_eq!(process.status(&token(json!({}))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn processes_that_hold_different_parts_restore_the_whole() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    other.revocations.open().await.unwrap();
    one.revoke(of_token("t-1")).await;
    one.revocations.open().await.unwrap();
    tokio::time::sleep(SECOND).await;
    other.revoke(of_token("t-2")).await;
    // The store forgets before anybody else has read the second one.
    world.store.forget();
    world.pass(SECOND * 2).await;
    for process in [&one, &other, &world.process()] {
        for jti in ["t-1", "t-2"] {
            assert_eq!(process.status(&token(json!({"jti": jti}))).await, 401);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_brings_nothing_back() {
    let world = World::new();
    let process = world.process();
    process.revoke(Revocation::principal(ada())).await;
    process.revoke(of_token("t-1")).await;
    world.clock.set_unix(super::kit::NOW - 7_200);
    let old = token(json!({"iat": super::kit::NOW - 7_300}));
    assert_eq!(process.status(&old).await, 401);
    tokio::time::sleep(SECOND).await;
    assert_eq!(process.status(&old).await, 401);
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_kept_as_long_as_its_token_could_count() {
    let world = World::new();
    let process = world.process();
    let exp = super::kit::NOW + 60;
    let until = std::time::UNIX_EPOCH + Duration::from_secs(exp);
    process.revoke(of_token("t-1").until(until)).await;
    let one = token(json!({"exp": exp}));
    world.pass(SECOND * 89).await;
    // The leeway of the provider: without the revocation it would still count.
    assert_eq!(process.status(&one).await, 401);
    assert_eq!(
        process
            .status(&token(json!({"exp": exp, "jti": "t-2"})))
            .await,
        200
    );
    world.clock.advance(SECOND * 600);
    world.pass(SECOND).await;
    assert_eq!(process.revocations.known(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_refused_to_whoever_revokes_and_drops_nothing() {
    let world = World::new();
    let process = world.process_with(world.revocations().with_max_revocations(3));
    for number in 0..3 {
        process.revoke(of_token(&number.to_string())).await;
    }
    let error = process.try_revoke(of_token("t-1")).await.unwrap_err();
    assert!(matches!(error, KeyAdminError::Conflict(_)), "{error:?}");
    assert!(error.to_string().contains("max_revocations"), "{error}");
    assert_eq!(process.status(&token(json!({}))).await, 200);
    for number in 0..3 {
        let token = token(json!({"jti": number.to_string()}));
        assert_eq!(process.status(&token).await, 401);
    }
    // What is there can be ended more.
    process.revoke(of_token("1")).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_revokes_learns_that_the_store_is_away() {
    let world = World::new();
    let process = world.process();
    for mood in [Mood::Failing, Mood::Hanging, Mood::Panicking] {
        world.store.is(mood);
        let error = process.try_revoke(of_token("t-1")).await.unwrap_err();
        assert!(matches!(error, KeyAdminError::Unavailable(_)), "{error:?}");
    }
}
