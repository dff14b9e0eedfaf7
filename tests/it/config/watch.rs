//! A watched file, and one that is at fault.

use std::time::{Duration, UNIX_EPOCH};

use tower_auth::testing::ManualClock;

use super::{
    files::NOW,
    reload::{NEW, OLD, Rules, served, status},
};
use crate::common::log::Log;

#[tokio::test(start_paused = true)]
async fn watch_takes_a_file_over_that_has_settled() {
    let rules = Rules::new("watch", OLD);
    let (app, handle) = served(rules.config());
    let every = Duration::from_secs(2);
    let watch = handle.watch(every);
    let looks = async |count: u32| tokio::time::sleep(every * count + every / 2).await;
    looks(1).await;
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);

    rules.write(NEW);
    looks(3).await;
    assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 200);

    drop(watch);
    rules.write(OLD);
    looks(9).await;
    assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn watch_leaves_a_file_alone_that_is_being_written() {
    let rules = Rules::new("torn", OLD);
    let (app, handle) = served(rules.config());
    let _watch = handle.watch(Duration::from_secs(2));
    for part in 0..40 {
        // Valid, and not what is meant: a key is cut short.
        rules.write(&format!(
            "auth: {{api_keys: [{{name: a, key: sk-{part}}}]}}"
        ));
        tokio::time::sleep(Duration::from_millis(300)).await;
        let cut = format!("sk-{part}");
        assert_eq!(status(&app, "POST /run", Some(&cut)).await, 401);
    }
    assert_eq!(status(&app, "POST /run", Some("sk-old")).await, 200);
    rules.write(NEW);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 200);
}

/// The content may be the same in two looks while somebody writes.
#[tokio::test(start_paused = true)]
async fn watch_waits_for_the_time_of_a_file_to_stand_still() {
    let rules = Rules::new("touched", OLD);
    let (app, handle) = served(rules.config());
    let _watch = handle.watch(Duration::from_millis(100));
    for _ in 0..40 {
        rules.write(NEW);
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 401);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(status(&app, "POST /run", Some("sk-new")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn change_holds_within_two_and_a_half_seconds_whenever_it_comes() {
    let rules = Rules::new("soon", OLD);
    let (app, handle) = served(rules.config());
    let _watch = handle.watch(Duration::from_secs(2));
    for round in 0..24 {
        let (text, key) = match round % 2 {
            0 => (NEW, "sk-new"),
            _ => (OLD, "sk-old"),
        };
        rules.write(text);
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(status(&app, "POST /run", Some(key)).await, 200, "{round}");
        // The next change meets the watch at another moment.
        tokio::time::sleep(Duration::from_millis(170)).await;
    }
}

#[test]
fn handle_says_since_when_a_file_is_not_in_force() {
    let rules = Rules::new("stale", OLD);
    let clock = ManualClock::at_unix(NOW);
    let config = rules.config().with_clock(clock.clock());
    let (_, handle) = config.into_reload_layer().unwrap();
    assert_eq!(handle.stale_since(), None);
    clock.advance(Duration::from_secs(7));
    rules.write("auth:");
    handle.reload().unwrap_err();
    let since = Some(UNIX_EPOCH + Duration::from_secs(NOW + 7));
    assert_eq!(handle.stale_since(), since);
    // Another fault, and the same one again: it is as old as the first.
    clock.advance(Duration::from_secs(7));
    rules.write("auth: {mode: nnoe}");
    handle.reload_if_changed().unwrap_err();
    handle.reload().unwrap_err();
    assert!(handle.reload_if_changed().unwrap().is_none());
    assert_eq!(handle.stale_since(), since);
    rules.write(OLD);
    handle.reload_if_changed().unwrap();
    assert_eq!(handle.stale_since(), None);
}

#[tokio::test(start_paused = true)]
async fn watch_says_once_a_minute_that_a_file_is_at_fault() {
    let rules = Rules::new("reminded", OLD);
    let (_, handle) = served(rules.config());
    let _log = Log::start();
    // It looks on a thread where it may block.
    let lines = |words: &str| {
        let source = rules.0.display().to_string();
        let errors = Log::errors_anywhere().into_iter();
        let mine = errors.filter(|event| event.field("source") == Some(&source));
        mine.filter(|event| event.field("message").unwrap_or_default().contains(words))
            .count()
    };
    let _watch = handle.watch(Duration::from_secs(2));
    rules.write("auth: {mode: nnoe}");
    tokio::time::sleep(Duration::from_secs(5 * 60 + 30)).await;
    assert_eq!(lines("is at fault: the one from before stays"), 1);
    assert_eq!(lines("is at fault and not in force"), 5);
    rules.write(NEW);
    tokio::time::sleep(Duration::from_secs(5 * 60)).await;
    assert_eq!(lines("is at fault and not in force"), 5);
    assert_eq!(handle.stale_since(), None);
}
