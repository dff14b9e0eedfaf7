//! What can go wrong beneath the contract, in words that say what to do.

use std::{error::Error, fmt, io};

use tower_auth::{keys::KeyStoreError, shared::SharedStateError};

use crate::{target::UrlFault, tls::TlsFault};

/// Why a question was not answered.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An answer of the contract, such as "no key has that id".
    Answer(KeyStoreError),
    /// Nobody knows what is in the store.
    Unavailable(Cause),
}

/// Why the database could not be asked.
///
/// It carries no error of the engine and no part of the URL: those may quote a value or a password.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The URL cannot be used.
    Url(UrlFault),
    /// TLS with the server failed.
    Tls(TlsFault),
    /// The host has no address.
    NoAddress,
    /// The server cannot be reached.
    Unreachable(io::ErrorKind),
    /// The server asks for a password, and the URL has none.
    PasswordMissing,
    /// The server refused, with this SQLSTATE.
    Server(Code),
    /// The connection ended.
    Ended,
    /// What answers is no Postgres server.
    Protocol,
    /// The server only follows another one, and may be behind it.
    Standby,
    /// The tables are another program's.
    Foreign,
    /// The tables of the shared state are another program's.
    ForeignShared,
    /// The tables of the shared state are not there.
    NoSharedTables,
    /// A newer program has changed the tables of the shared state.
    NewerShared,
    /// More counts at once than the contract allows.
    TooManyCounts,
    /// More buckets than are kept.
    TooManyBuckets,
    /// The database keeps texts in another encoding than UTF-8.
    Encoding,
    /// What was read is not what this crate writes.
    Unreadable,
    /// The tables are of an older version of this crate.
    Older,
    /// All connections are in use.
    NoConnection,
    /// All connections of the shared state are in use.
    NoSharedConnection,
    /// The time that a call may take is over.
    TooLate,
    /// The store was closed.
    Closed,
}

/// Five characters that say what the server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code([u8; 5]);

impl Code {
    /// Takes the code from a server; what is not of the code's form becomes `?`.
    pub(crate) fn new(text: &str) -> Self {
        let mut code = [b'?'; 5];
        for (place, byte) in code.iter_mut().zip(text.bytes()) {
            if byte.is_ascii_alphanumeric() {
                *place = byte;
            }
        }
        Self(code)
    }

    pub(crate) fn as_str(&self) -> &str {
        // INVARIANT: every byte is ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Fault {
    /// The database holds what this crate does not write.
    pub(crate) fn unreadable() -> Self {
        Self::Unavailable(Cause::Unreadable)
    }

    /// Whether the reason may hold for all open connections, so that new ones are wanted.
    pub(crate) fn is_of_connection(&self) -> bool {
        match self {
            Self::Unavailable(Cause::Server(code)) => {
                let code = code.as_str();
                // Class 08 is the connection, 57P0x a server that stops; 25006 one that no longer writes.
                code.starts_with("08") || code.starts_with("57P0") || code == "25006"
            }
            Self::Unavailable(cause) => matches!(
                cause,
                Cause::Ended
                    | Cause::NoAddress
                    | Cause::Unreachable(_)
                    | Cause::Protocol
                    | Cause::Standby
                    | Cause::TooLate
            ),
            Self::Answer(_) => false,
        }
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

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Cause::of(&error).into()
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

impl From<Fault> for SharedStateError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Answer(answer) => Self::new(answer),
            Fault::Unavailable(cause) => Self::new(cause),
        }
    }
}

impl Cause {
    /// Only the kind of an error goes on: its text may quote a value of the database or of the URL.
    fn of(error: &tokio_postgres::Error) -> Self {
        if let Some(code) = error.code() {
            return Self::Server(Code::new(code.code()));
        }
        if error.is_closed() {
            return Self::Ended;
        }
        let Some(source) = error.source() else {
            return Self::Protocol;
        };
        if let Some(fault) = source.downcast_ref::<TlsFault>() {
            return Self::Tls(fault.clone());
        }
        if let Some(cause) = source.downcast_ref::<io::Error>() {
            let is_of_system = cause.raw_os_error().is_some();
            return match (error.to_string().as_str(), cause.kind()) {
                (_, io::ErrorKind::UnexpectedEof) => Self::Ended,
                (_, kind) if is_of_system || kind == io::ErrorKind::TimedOut => {
                    Self::Unreachable(kind)
                }
                // Of several hosts none writes.
                ("error connecting to server", io::ErrorKind::PermissionDenied) => Self::Standby,
                ("error connecting to server", _) => Self::NoAddress,
                // Of the engine: what came is nothing that it knows.
                _ => Self::Protocol,
            };
        }
        match source.to_string().as_str() {
            "server does not support TLS" => Self::Tls(TlsFault::NotOffered),
            "password missing" => Self::PasswordMissing,
            _ => Self::Protocol,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(fault) => fault.fmt(f),
            Self::Tls(fault) => fault.fmt(f),
            Self::NoAddress => f.write_str(
                "the host of the URL has no address: correct its name, or look at the name server",
            ),
            Self::Unreachable(kind) => write!(
                f,
                "the server cannot be reached: start it, or correct the host and the port of the URL ({kind})"
            ),
            Self::PasswordMissing => {
                f.write_str("the server asks for a password: put one into the URL")
            }
            Self::Server(code) => write!(f, "{} (SQLSTATE {})", advice(code.as_str()), code.as_str()),
            Self::Ended => f.write_str(
                "the connection to the server ended: look at the server's log; new connections are tried",
            ),
            Self::Protocol => f.write_str(
                "what answers is no PostgreSQL server: correct the host and the port of the URL",
            ),
            Self::Standby => f.write_str(
                "the server is a standby, which may be behind: name the primary in the URL",
            ),
            Self::Foreign => f.write_str(
                "the schema tower_auth holds another program's tables: give the keys a database of their own",
            ),
            Self::ForeignShared => f.write_str(
                "the schema tower_auth_shared holds another program's tables: give the shared state a \
                 database of its own",
            ),
            Self::NoSharedTables => f.write_str(
                "the database has no tables for the shared state: create them with \
                 PostgresSharedState::open_or_create",
            ),
            Self::NewerShared => f.write_str(
                "a newer program has changed the tables of the shared state: install that version",
            ),
            Self::TooManyCounts => f.write_str("too many counts at once"),
            Self::TooManyBuckets => f.write_str(
                "the database keeps more than a million buckets: look for who is counted, or keep counts \
                 in Redis (crate tower-auth-redis)",
            ),
            Self::NoSharedConnection => f.write_str(
                "all connections to the database are in use: look for what keeps it busy, or allow more \
                 with PostgresSharedState::with_connections",
            ),
            Self::Encoding => f.write_str(
                "the database does not keep texts as UTF-8: create one with ENCODING 'UTF8'",
            ),
            Self::Unreadable => f.write_str(
                "the database holds what this program does not write: restore a backup",
            ),
            Self::Older => f.write_str(
                "the tables are of an older version of this program: start the program again, which \
                 brings them up to date",
            ),
            Self::NoConnection => f.write_str(
                "all connections to the database are in use: look for what keeps it busy, or allow more \
                 with PostgresKeyStore::with_connections",
            ),
            Self::TooLate => f.write_str(
                "the database did not answer in time: look for what keeps it busy, or raise the wait limit",
            ),
            Self::Closed => f.write_str("the store is closed: open it anew"),
        }
    }
}

/// What to do about a refusal of the server.
fn advice(code: &str) -> &'static str {
    match code {
        "28P01" | "28000" => {
            "the server refuses the user: look at the user and the password of the URL, and at pg_hba.conf"
        }
        "3D000" => "the database of the URL is not there: create it, or name another one",
        "3F000" | "42P01" => {
            "the database has no tables for keys: create them with PostgresKeyStore::open_or_create"
        }
        "42501" => {
            "the user lacks a permission: let it own the schema tower_auth, or grant it USAGE there and \
             SELECT, INSERT, UPDATE and DELETE on its tables"
        }
        "53100" => "the server's disk is full: make room",
        "53200" => "the server has no memory left: give it more, or less to do",
        "53300" => {
            "the server has no connection left: raise its max_connections, or ask for fewer with \
             PostgresKeyStore::with_connections"
        }
        "25006" => "the server only reads: name the primary in the URL, or end its read-only mode",
        "55P03" => "another session holds a lock in the database: look for one that hangs",
        "57014" => {
            "the database did not answer in time: look for what keeps it busy, or raise the wait limit"
        }
        "40001" | "40P01" => "the server gave the transaction up for another one: try again",
        "57P01" | "57P02" | "57P03" | "57P05" => {
            "the server is starting or stopping: wait, or look at its log"
        }
        "25P03" => "the server ended a transaction that took too long: raise the wait limit",
        "XX001" | "XX002" => "the database is damaged: restore a backup",
        _ if code.starts_with("08") => {
            "the server or a pooler ended the connection: look at its log"
        }
        _ => "the server refuses: look at its log",
    }
}

impl Error for Cause {}
