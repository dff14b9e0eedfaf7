//! More lines than a disk should hold.

use tower_auth::audit::AuditSettings;

use super::{Disk, KEY, flushed, keys};
use crate::common::oneshot::{app, ask};

/// How many decisions the lines of a file stand for.
fn told(disk: &Disk) -> (u64, u64) {
    let (mut own, mut summed) = (0, 0);
    for line in disk.lines() {
        match line["event"].as_str().unwrap() {
            "decision" => own += 1,
            "decisions_summed" => {
                let codes = line["codes"].as_object().unwrap().values();
                let count = line["count"].as_u64().unwrap();
                assert_eq!(
                    codes.filter_map(serde_json::Value::as_u64).sum::<u64>(),
                    count
                );
                summed += count;
            }
            other => panic!("{other}"),
        }
    }
    (own, summed)
}

#[tokio::test]
async fn strangers_have_a_thousand_lines_a_second_and_the_rest_is_summed() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run", "/open"], keys(&sink).public("/open"));
    let begun = std::time::Instant::now();
    for _ in 0..2_000 {
        ask(&app, "GET /run", &[]).await;
        ask(&app, "GET /open", &[]).await;
    }
    let seconds = begun.elapsed().as_secs() + 1;
    let is_all = || {
        let (own, summed) = told(&disk);
        own + summed == 4_000
    };
    for _ in 0..400 {
        if is_all() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (own, summed) = told(&disk);
    assert_eq!(own + summed, 4_000);
    assert!(own <= (seconds + 1) * 1_000, "{own} in {seconds} s");
}

#[tokio::test]
async fn what_has_no_room_is_dropped_and_counted_by_a_line() {
    let disk = Disk::default();
    disk.set_room(Some(0));
    let sink = disk.start(AuditSettings::new().with_max_waiting(0));
    let app = app(["/run"], keys(&sink));
    for _ in 0..2_000 {
        let answer = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        assert_eq!(answer.status(), 200, "it is not required");
    }
    disk.set_room(None);
    let told = || -> u64 {
        let of = |line: &serde_json::Value| match line["event"].as_str() {
            Some("lines_dropped") => line["count"].as_u64().unwrap(),
            _ => 1,
        };
        disk.lines().iter().map(of).sum()
    };
    for _ in 0..400 {
        if sink.flush(std::time::Duration::from_secs(20)) && told() == 2_000 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    flushed(&sink);
    assert_eq!(told(), 2_000);
    assert!(
        disk.text().len() < 3 * 65_536 + 1_024,
        "{}",
        disk.text().len()
    );
}

#[tokio::test]
async fn flushing_tells_what_was_summed_so_far() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    for _ in 0..3_000 {
        ask(&app, "GET /run", &[]).await;
    }
    flushed(&sink);
    let (own, summed) = told(&disk);
    assert_eq!(own + summed, 3_000);
}

#[tokio::test]
async fn strangers_are_not_let_in_where_nothing_can_be_written_and_that_is_required() {
    let disk = Disk::default();
    disk.0.lock().unwrap().hangs = true;
    let sink = disk.start(AuditSettings::new().require_written().with_max_waiting(0));
    let layer = keys(&sink).access("/feed", tower_auth::Access::Optional);
    let app = app(["/feed", "/run"], layer);
    for _ in 0..2_000 {
        ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    }
    for number in 0..3_000 {
        let answer = ask(&app, "GET /feed", &[]).await;
        // A few lines may fit still.
        assert!(answer.status() == 503 || number < 50, "{number}");
    }
    disk.0.lock().unwrap().hangs = false;
    flushed(&sink);
}
