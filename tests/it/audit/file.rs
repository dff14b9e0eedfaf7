//! The file itself.

use std::{
    fs,
    io::Read,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use tower_auth::audit::AuditSink;

use super::{flushed, keys};
use crate::common::oneshot::{app, ask};

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = format!("tower-auth-audit-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn refuse_one(sink: &AuditSink) {
    ask(&app(["/run"], keys(sink)), "GET /run", &[]).await;
    flushed(sink);
}

#[tokio::test]
async fn the_file_is_its_owners_alone_also_where_it_was_there_before() {
    let folder = Folder::new();
    for was_there in [false, true] {
        let path = folder.0.join(format!("audit-{was_there}.jsonl"));
        if was_there {
            fs::write(&path, "{}\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        refuse_one(&AuditSink::open(&path).unwrap()).await;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert_eq!(lines, 1 + usize::from(was_there), "it is appended to");
    }
}

#[tokio::test]
async fn a_part_of_a_line_that_was_there_gets_its_end() {
    let folder = Folder::new();
    let path = folder.0.join("audit.jsonl");
    fs::write(&path, "{\"at\":\"20").unwrap();
    refuse_one(&AuditSink::open(&path).unwrap()).await;
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(serde_json::from_str::<serde_json::Value>(lines[1]).is_ok());
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_followed_by_a_new_one() {
    let folder = Folder::new();
    let (path, moved) = (folder.0.join("audit.jsonl"), folder.0.join("audit.1"));
    let sink = AuditSink::open(&path).unwrap();
    refuse_one(&sink).await;
    fs::rename(&path, &moved).unwrap();
    sink.reopen();
    refuse_one(&sink).await;
    let is_followed = || fs::read_to_string(&path).is_ok_and(|text| !text.is_empty());
    for _ in 0..4_000 {
        if is_followed() {
            break;
        }
        refuse_one(&sink).await;
    }
    assert!(is_followed());
    assert!(fs::read_to_string(&moved).unwrap().lines().count() >= 1);
}

#[test]
fn a_named_pipe_stops_no_start_and_the_error_says_what_to_name() {
    let folder = Folder::new();
    let path = folder.0.join("audit.jsonl");
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let error = AuditSink::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("named pipe") && error.contains("/dev/stdout"),
        "{error}"
    );
    // Also by another name, and where the pipe came later.
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(AuditSink::open(&link).is_err());
    let late = folder.0.join("late.jsonl");
    let sink = AuditSink::open(&late).unwrap();
    fs::remove_file(&late).unwrap();
    fs::rename(&path, &late).unwrap();
    sink.reopen();
    flushed(&sink);
}

#[tokio::test]
async fn a_pipe_without_a_name_takes_lines_as_that_of_standard_output_does() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    refuse_one(&AuditSink::open(path).unwrap()).await;
    let mut line = [0; 2];
    reader.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"{\"");
}

#[test]
fn a_file_in_no_folder_is_an_error_when_it_is_opened() {
    assert!(AuditSink::open("/no/such/folder/audit.jsonl").is_err());
}
