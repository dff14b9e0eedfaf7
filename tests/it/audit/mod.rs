//! The audit file.

mod changes;
mod disk;
mod file;
mod flood;
mod lines;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tower_auth::{
    AuthLayer,
    audit::{AuditSettings, AuditSink, AuditWriter},
    provider::{ApiKeyAuth, ApiKeyRecord},
};

/// A disk in memory, on which there is room or not.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<DiskState>>);

#[derive(Default)]
struct DiskState {
    bytes: Vec<u8>,
    /// Bytes that fit still, if there is a bound.
    room: Option<usize>,
    panics: bool,
    /// Whether a write takes as long as this is set.
    hangs: bool,
    /// How often somebody tried to write.
    attempts: u32,
}

impl Disk {
    fn set_room(&self, room: Option<usize>) {
        self.0.lock().unwrap().room = room;
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().bytes.clone()).unwrap()
    }

    /// What was written, each line a JSON object.
    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        assert!(text.is_empty() || text.ends_with('\n'));
        let objects = text.lines().map(|line| serde_json::from_str(line).unwrap());
        objects
            .inspect(|line: &Value| assert!(line.is_object()))
            .collect()
    }

    fn start(&self, settings: AuditSettings) -> AuditSink {
        settings.start(self.clone()).unwrap()
    }
}

impl AuditWriter for Disk {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        while self.0.lock().unwrap().hangs {
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut disk = self.0.lock().unwrap();
        disk.attempts += 1;
        if disk.panics {
            drop(disk);
            panic!("a writer of one's own");
        }
        let len = disk.room.unwrap_or(usize::MAX).min(lines.len());
        if len == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.room = disk.room.map(|room| room - len);
        disk.bytes.extend_from_slice(&lines[..len]);
        Ok(len)
    }
}

fn flushed(sink: &AuditSink) {
    assert!(sink.flush(Duration::from_secs(20)));
}

/// Waits for the thread of the sink.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..4_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come to that in 20 s");
}

/// Lets one key in.
fn keys(sink: &AuditSink) -> AuthLayer {
    let ada = ApiKeyRecord::new("ada", KEY).unwrap();
    AuthLayer::new(ApiKeyAuth::new([ada]).unwrap()).observers(sink.observers())
}

const KEY: &str = "sk-live-9f03a51d8c70";
