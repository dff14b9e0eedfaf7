//! The thread that writes.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    queue::{Queue, Work},
    writer::AuditWriter,
};
use crate::{
    caught::caught,
    log::{Causes, TARGET},
    metrics,
};

/// Writes until the sink is closed.
pub(super) fn run(queue: &Arc<Queue>, mut writer: Box<dyn AuditWriter>) {
    let mut report = Report::default();
    // Whoever waits for lines to be written waits in vain, however this ends.
    let _end = End(queue);
    loop {
        let work = queue.next();
        if work.reopen {
            reopen(&mut *writer);
        }
        let is_written = write_all(queue, &mut *writer, &work, &mut report);
        if work.closing || !is_written {
            return;
        }
        // Lines that come meanwhile are written together.
        thread::sleep(BETWEEN_WRITES);
    }
}

struct End<'a>(&'a Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.fail();
    }
}

/// Writes lines, however long it takes; answers false where the sink was closed meanwhile.
fn write_all(
    queue: &Queue,
    writer: &mut dyn AuditWriter,
    work: &Work,
    report: &mut Report,
) -> bool {
    let bytes = work.lines.as_bytes();
    let (mut written, mut told) = (0, 0);
    let mut closing = work.closing;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        let panicked = || Err(std::io::Error::other("the writer panicked"));
        match caught(|| writer.write(rest)).unwrap_or_else(panicked) {
            Ok(len) if len > 0 => {
                let len = len.min(rest.len());
                written += len;
                // What reports it is not ours, and may panic: a log on the disk that is full.
                let _ = caught(|| report.has_written());
                // A line that was begun in another file was told of already.
                queue.done(written.saturating_sub(told) as u64);
                told = told.max(written);
            }
            answer => {
                let error = answer
                    .err()
                    .unwrap_or_else(|| std::io::ErrorKind::WriteZero.into());
                if error.kind() == std::io::ErrorKind::Interrupted {
                    continue;
                }
                queue.fail();
                let _ = caught(|| report.has_failed(&error));
                if closing {
                    return false;
                }
                let asked = queue.pause(BETWEEN_ATTEMPTS);
                closing = asked.closing;
                if asked.reopen && reopen(writer) {
                    // The line is whole in the new file.
                    let before = bytes.get(..written).unwrap_or_default();
                    let line = before.iter().rposition(|byte| *byte == b'\n');
                    written = line.map_or(0, |at| at + 1);
                }
            }
        }
    }
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let _ = caught(|| metrics::audited(metrics::WRITTEN, lines as u64));
    let (dropped, summed) = queue.uncounted();
    let _ = caught(|| {
        metrics::audited(metrics::DROPPED, dropped);
        metrics::audited(metrics::SUMMED, summed);
    });
    true
}

/// Answers whether a new file has begun.
fn reopen(writer: &mut dyn AuditWriter) -> bool {
    let panicked = || Err(std::io::Error::other("the writer panicked"));
    match caught(|| writer.reopen()).unwrap_or_else(panicked) {
        Ok(is_new) => is_new,
        Err(error) => {
            let _ = caught(|| {
                tracing::error!(
                    target: TARGET,
                    error = %Causes(Some(&error)),
                    "the audit file could not be opened again: the lines go on into the old one"
                );
            });
            false
        }
    }
}

/// Says in the log what became of the file, at most once a minute.
#[derive(Default)]
struct Report {
    is_away: bool,
    said_at: Option<Instant>,
}

impl Report {
    fn has_failed(&mut self, error: &std::io::Error) {
        self.is_away = true;
        if self
            .said_at
            .is_none_or(|at| at.elapsed() >= BETWEEN_REPORTS)
        {
            self.said_at = Some(Instant::now());
            tracing::error!(
                target: TARGET,
                error = %Causes(Some(error)),
                "audit lines cannot be written: they wait, and those beyond the bound are dropped; \
                 where the audit is required, nobody is let in until they are written"
            );
        }
    }

    fn has_written(&mut self) {
        if std::mem::take(&mut self.is_away) {
            self.said_at = None;
            tracing::info!(target: TARGET, "audit lines are written again");
        }
    }
}

const BETWEEN_WRITES: Duration = Duration::from_millis(20);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(250);
const BETWEEN_REPORTS: Duration = Duration::from_secs(60);
