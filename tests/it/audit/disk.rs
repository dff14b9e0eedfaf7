//! Disks that are full, and writers that panic.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::StatusCode;
use tower_auth::audit::{AuditEvents, AuditSettings};

use super::{Disk, KEY, flushed, keys, until};
use crate::common::{
    log::Log,
    oneshot::{app, ask},
};

#[tokio::test]
async fn a_full_disk_is_a_503_where_the_audit_is_required_until_there_is_room() {
    for events in [AuditEvents::All, AuditEvents::Refusals] {
        let disk = Disk::default();
        disk.set_room(Some(0));
        let sink = disk.start(AuditSettings::new().with_events(events).require_written());
        let app = app(["/run", "/health"], keys(&sink));
        ask(&app, "GET /run", &[]).await;
        until(|| sink.is_failing()).await;
        let log = Log::start();
        let refused = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(
            log.events()
                .iter()
                .any(|one| one.field("reason") == Some("not_audited"))
        );
        let wrong = ask(&app, "GET /run", &[("x-api-key", "sk-wrong-wrong-wrong")]).await;
        assert_eq!(
            wrong.status(),
            StatusCode::UNAUTHORIZED,
            "what is wrong stays wrong"
        );
        assert_eq!(ask(&app, "GET /health", &[]).await.status(), StatusCode::OK);
        disk.set_room(None);
        flushed(&sink);
        let accepted = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        assert_eq!(accepted.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn no_room_for_the_line_of_an_acceptance_is_a_503_where_it_is_required() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new().require_written().with_max_waiting(0));
    let app = app(["/run"], keys(&sink));
    disk.0.lock().unwrap().hangs = true;
    let mut refused = 0;
    for _ in 0..1_000 {
        let answer = ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        refused += u64::from(answer.status() == StatusCode::SERVICE_UNAVAILABLE);
    }
    disk.0.lock().unwrap().hangs = false;
    flushed(&sink);
    let accepted = disk.lines();
    let accepted = accepted.iter().filter(|line| line["outcome"] == "accepted");
    assert!(refused > 0);
    assert_eq!(
        accepted.count() as u64 + refused,
        1_000,
        "who goes in has a line"
    );
}

#[tokio::test]
async fn a_line_that_was_cut_by_a_full_disk_is_finished_when_there_is_room() {
    let disk = Disk::default();
    disk.set_room(Some(100));
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    for _ in 0..3 {
        ask(&app, "GET /run", &[]).await;
    }
    until(|| sink.is_failing()).await;
    assert_eq!(disk.text().len(), 100);
    disk.set_room(None);
    flushed(&sink);
    assert_eq!(disk.lines().len(), 3);
    assert!(!sink.is_failing());
}

#[tokio::test]
async fn a_writer_that_panics_is_a_disk_that_is_full() {
    let disk = Disk::default();
    disk.0.lock().unwrap().panics = true;
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    ask(&app, "GET /run", &[]).await;
    until(|| sink.is_failing()).await;
    disk.0.lock().unwrap().panics = false;
    flushed(&sink);
    assert_eq!(disk.lines().len(), 1);
}

#[tokio::test]
async fn lines_that_wait_are_written_after_the_last_handle_is_gone() {
    let disk = Disk::default();
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    ask(&app, "GET /run", &[]).await;
    drop((app, sink));
    until(|| !disk.lines().is_empty()).await;
}

#[tokio::test]
async fn who_is_turned_away_is_in_the_line_of_the_refusal_and_in_no_other() {
    let disk = Disk::default();
    disk.set_room(Some(0));
    let sink = disk.start(AuditSettings::new().require_written());
    let told = Arc::new(Mutex::new(Vec::new()));
    let outcomes = Arc::clone(&told);
    let layer = keys(&sink).on_decision(move |decision| {
        outcomes.lock().unwrap().push(decision.outcome().as_str());
    });
    let app = app(["/run"], layer);
    ask(&app, "GET /run", &[]).await;
    until(|| sink.is_failing()).await;
    ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    disk.set_room(None);
    flushed(&sink);
    let lines = disk.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["reason"], "not_audited");
    assert_eq!(lines[1]["user_id"], "ada");
    assert_eq!(*told.lock().unwrap(), ["refused", "refused"]);
}

#[tokio::test]
async fn a_line_that_was_begun_goes_on_where_no_new_file_begins() {
    let disk = Disk::default();
    disk.set_room(Some(100));
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    ask(&app, "GET /run", &[]).await;
    until(|| sink.is_failing()).await;
    sink.reopen();
    tokio::time::sleep(Duration::from_millis(50)).await;
    disk.set_room(None);
    flushed(&sink);
    assert_eq!(disk.lines().len(), 1);
}

#[tokio::test]
async fn a_full_disk_is_tried_a_few_times_a_second_however_many_requests_come() {
    let disk = Disk::default();
    disk.set_room(Some(0));
    let sink = disk.start(AuditSettings::new());
    let app = app(["/run"], keys(&sink));
    let begun = std::time::Instant::now();
    for _ in 0..500 {
        ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
    }
    let attempts = disk.0.lock().unwrap().attempts;
    let most = 2 + u32::try_from(begun.elapsed().as_millis() / 250).unwrap();
    assert!(attempts <= most, "{attempts}");
}
