//! The sink and its settings.

use std::{fmt, io, path::Path, sync::Arc, thread, time::Duration};

use super::{
    line::Line,
    queue::{Cause, Queue},
    thread::run,
    writer::{AuditFile, AuditWriter},
};
use crate::observe::{Decision, Observer, Observers, Outcome};

/// Which decisions have a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditEvents {
    /// Every decision.
    #[default]
    All,
    /// Refusals, what could not be checked included.
    Refusals,
}

/// The settings of an [`AuditSink`].
///
/// # Example
///
/// ```no_run
/// use tower_auth::{AuthLayer, audit::{AuditEvents, AuditSettings}, provider::ApiKeyAuth};
///
/// let audit = AuditSettings::new()
///     .with_events(AuditEvents::Refusals)
///     .with_max_waiting(1 << 20)
///     .require_written()
///     .open("/var/log/agents/audit.jsonl")?;
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).observers(audit.observers());
/// # let _ = layer;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AuditSettings {
    events: AuditEvents,
    max_waiting: usize,
    is_required: bool,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self::new()
    }
}

impl AuditSettings {
    /// Every decision has a line; 4 MiB may wait to be written; what cannot be written stops nobody.
    pub fn new() -> Self {
        Self {
            events: AuditEvents::All,
            max_waiting: MAX_WAITING,
            is_required: false,
        }
    }

    /// Replaces which decisions have a line.
    pub fn with_events(mut self, events: AuditEvents) -> Self {
        self.events = events;
        self
    }

    /// Replaces how many bytes of lines may wait to be written: 4 MiB unless set, 64 KiB at least. Lines beyond that
    /// are dropped and counted.
    pub fn with_max_waiting(mut self, bytes: usize) -> Self {
        self.max_waiting = bytes.max(MIN_WAITING);
        self
    }

    /// Lets nobody in while lines cannot be written, on a full disk for example, or while there is no room for the
    /// line of the acceptance: such a request is a 503, before the inner service runs.
    ///
    /// It is judged by the last attempt to write: of the requests that come before a write fails the lines wait, and
    /// are written when that is possible again. Public paths stay open. Whoever is refused so has paid already: the
    /// request counts for their limits and credits. It is the sink of an
    /// [`AuthLayer`](crate::AuthLayer::observers), or of a layer around it, that nobody gets past; one further in is
    /// told of what is decided there, and stops nothing.
    pub fn require_written(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Opens a file to append to, or makes it, readable and writable by its owner alone (0600 on Unix), and starts
    /// the thread that writes.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or is a named pipe; or there can be no more threads.
    pub fn open(self, path: impl AsRef<Path>) -> io::Result<AuditSink> {
        self.start(AuditFile::open(path.as_ref())?)
    }

    /// Like [`open`](Self::open), but the file is opened for its first line.
    #[allow(
        dead_code,
        reason = "without files of configuration nobody builds without opening"
    )]
    pub(crate) fn open_late(self, path: &Path) -> io::Result<AuditSink> {
        self.start(AuditFile::new(path))
    }

    /// Starts the thread that gives lines to this writer.
    ///
    /// # Errors
    ///
    /// There can be no more threads.
    pub fn start(self, writer: impl AuditWriter) -> io::Result<AuditSink> {
        let queue = Arc::new(Queue::new(self.max_waiting));
        let (of_thread, writer) = (Arc::clone(&queue), Box::new(writer));
        thread::Builder::new()
            .name("tower-auth-audit".into())
            .spawn(move || run(&of_thread, writer))?;
        Ok(AuditSink(Arc::new(Inner {
            settings: self,
            queue,
        })))
    }
}

/// A place for one JSON line for each decision, written by a thread of its own within a second.
///
/// A clone is the same sink. The thread ends when the last one is gone, after it has written what waits; a program that
/// ends calls [`flush`](Self::flush) first.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tower_auth::{AuthLayer, audit::AuditSink, provider::ApiKeyAuth};
///
/// # let folder = std::env::temp_dir().join(format!("audit-example-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let audit = AuditSink::open(folder.join("audit.jsonl"))?;
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).observers(audit.observers());
/// // After the file was moved away:
/// audit.reopen();
/// // Before the process ends:
/// assert!(audit.flush(Duration::from_secs(5)));
/// assert!(!audit.is_failing());
/// # let _ = std::fs::remove_dir_all(folder); // it may be opened again just then
/// # let _ = layer;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AuditSink(Arc<Inner>);

struct Inner {
    settings: AuditSettings,
    queue: Arc<Queue>,
}

impl AuditSink {
    /// A sink with the settings of [`AuditSettings::new`], to that file.
    ///
    /// # Errors
    ///
    /// Those of [`AuditSettings::open`].
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        AuditSettings::new().open(path)
    }

    /// The sink as an observer of layers: for [`AuthLayer::observers`](crate::AuthLayer::observers) and
    /// [`ObserveLayer`](crate::observe::ObserveLayer).
    #[must_use]
    pub fn observers(&self) -> Observers {
        Observers::new().with(Arc::clone(&self.0) as Arc<dyn Observer>)
    }

    /// Begins a new file soon, where the old one was moved away: for the handler of SIGHUP.
    pub fn reopen(&self) {
        self.0.queue.reopen();
    }

    /// Makes the file, if it is not there, for whoever opened it late.
    #[allow(dead_code, reason = "without files of configuration nobody opens late")]
    pub(crate) fn open_file(&self, path: &Path) -> io::Result<()> {
        AuditFile::open(path).map(drop)
    }

    /// Whether an administrative act may be carried out: where lines have to be written, there is room for one.
    #[allow(dead_code, reason = "without managed keys nobody administers")]
    pub(crate) fn admits_changes(&self) -> bool {
        let queue = &self.0.queue;
        !self.0.settings.is_required || (!queue.is_failing() && queue.has_room_for_any())
    }

    /// Takes the line of an administrative act.
    #[allow(dead_code, reason = "without managed keys nobody administers")]
    pub(crate) fn write_change(&self, line: Line) {
        match self.0.settings.is_required {
            // What was admitted is carried out.
            true => self.0.queue.push_always(line),
            // Where there is no room, it is counted.
            false => {
                let _ = self.0.queue.push(line);
            }
        }
    }

    /// Waits until every line that was taken so far is written, and answers whether it is. It blocks the thread for
    /// up to that time.
    #[must_use]
    pub fn flush(&self, limit: Duration) -> bool {
        self.0.queue.flush(limit)
    }

    /// Whether the last attempt to write has failed.
    pub fn is_failing(&self) -> bool {
        self.0.queue.is_failing()
    }
}

impl Observer for Inner {
    fn is_required(&self) -> bool {
        self.settings.is_required
    }

    fn observe(&self, decision: &Decision<'_>) -> bool {
        let lets_in = matches!(decision.outcome(), Outcome::Accepted | Outcome::Anonymous);
        if self.settings.is_required && lets_in && self.queue.is_failing() {
            // The refusal that it becomes has a line.
            return false;
        }
        let line = || Line::of(decision);
        let cause = match decision.caller() {
            Some(_) => Cause::Caller,
            None => Cause::Stranger,
        };
        let is_taken = match (decision.error(), cause) {
            (Some(error), cause) => self.queue.push_bounded(cause, error.code(), line),
            _ if self.settings.events == AuditEvents::Refusals => true,
            (None, Cause::Caller) => self.queue.push(line()),
            (None, cause) => {
                let word = decision.outcome().as_str();
                self.queue.push_bounded(cause, word, line)
            }
        };
        !self.settings.is_required || (is_taken && !self.queue.is_failing())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for AuditSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditSink")
            .field("settings", &self.0.settings)
            .field("is_failing", &self.is_failing())
            .finish_non_exhaustive()
    }
}

const MAX_WAITING: usize = 4 << 20;
/// More than the longest line.
const MIN_WAITING: usize = 64 << 10;
