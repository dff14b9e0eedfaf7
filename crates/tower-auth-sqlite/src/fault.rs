//! What can go wrong beneath the contract, in words that say what to do.

use std::{error::Error, fmt, io, path::PathBuf};

use rusqlite::ErrorCode;
use tower_auth::keys::KeyStoreError;

/// Why a question was not answered.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An answer of the contract, such as "no key has that id".
    Answer(KeyStoreError),
    /// Nobody knows what is in the store.
    Unavailable(Cause),
}

/// Why the file could not be asked.
///
/// It carries no error of the engine: those may quote what stands in the file.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The file cannot be made or found.
    File(PathBuf, io::ErrorKind),
    /// There is no folder in which to make the file.
    NoFolder(PathBuf),
    /// The file, or one of the two beside it, is no longer the one that was opened.
    Replaced(PathBuf),
    /// The file belongs to another program.
    Foreign,
    /// The engine's own words for the code that it answered.
    Engine(ErrorCode, i32),
    /// What was read is not what this crate writes.
    Unreadable,
    /// A thread could not be started.
    Thread(io::ErrorKind),
    /// The time that a call may take is over.
    TooLate,
    /// The store was closed, or a thread of it ended.
    Closed,
}

impl Fault {
    /// The file holds what this crate does not write.
    pub(crate) fn unreadable() -> Self {
        Self::Unavailable(Cause::Unreadable)
    }

    /// Whether a lock that another connection holds is the reason.
    pub(crate) fn is_busy(&self) -> bool {
        let Self::Unavailable(Cause::Engine(code, _)) = self else {
            return false;
        };
        matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    }
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Self {
        Self::Unavailable(cause)
    }
}

impl From<KeyStoreError> for Fault {
    fn from(answer: KeyStoreError) -> Self {
        Self::Answer(answer)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        // Only the code goes on: the text may quote a value of the file.
        Self::Unavailable(match error.sqlite_error() {
            Some(engine) => Cause::Engine(engine.code, engine.extended_code),
            None => Cause::Unreadable,
        })
    }
}

impl From<serde_json::Error> for Fault {
    fn from(_: serde_json::Error) -> Self {
        Self::unreadable()
    }
}

impl From<Fault> for KeyStoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Answer(answer) => answer,
            Fault::Unavailable(cause) => Self::unavailable(cause),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // `{:?}`: a path may hold line breaks, and this goes into a log.
            Self::File(path, io::ErrorKind::NotFound) => write!(
                f,
                "the file {path:?} is not there: name another one, or make it with `tower-auth keys \
                 create`, in a program with SqliteKeyStore::open_or_create"
            ),
            Self::File(path, kind) => write!(f, "the file {path:?} cannot be opened: {kind}"),
            Self::NoFolder(path) => write!(
                f,
                "the file {path:?} cannot be made: make the folder first, or name another one"
            ),
            Self::Replaced(path) => write!(
                f,
                "the file {path:?} was deleted or replaced while it was open: put it back, or \
                 restart the program"
            ),
            Self::Foreign => f.write_str(
                "the file is the database of another program: give the keys a file of their own",
            ),
            Self::Engine(code, extended) => {
                let advice = match code {
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                        "another process holds the database's lock: look for one that hangs"
                    }
                    ErrorCode::DiskFull => "the disk is full: make room",
                    ErrorCode::ReadOnly => {
                        "the database cannot be written: let this user write the file and its folder"
                    }
                    ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                        "the database cannot be opened: let this user read and write the file and \
                         its folder"
                    }
                    ErrorCode::DatabaseCorrupt => "the database is damaged: restore a backup",
                    ErrorCode::NotADatabase => "the file is no SQLite database: name another one",
                    ErrorCode::SystemIoFailure => "the disk does not do its work: look at it",
                    _ => "the database refuses",
                };
                write!(f, "{advice} (SQLite's code {extended})")
            }
            Self::Unreadable => {
                f.write_str("the database holds what this program does not write: restore a backup")
            }
            Self::Thread(kind) => write!(f, "the system starts no thread: {kind}"),
            Self::TooLate => f.write_str(
                "the database did not answer in time: look for a process that holds its lock, or \
                 raise the wait limit",
            ),
            Self::Closed => f.write_str("the store is closed: open it anew"),
        }
    }
}

impl Error for Cause {}
