//! What can go wrong beneath the contract, in words that say what to do.

use std::{error::Error, fmt, io};

use redis::{ErrorKind, RedisError};
use tower_auth::shared::SharedStateError;

use crate::{tls::TlsFault, url::UrlFault};

/// Why the server could not be asked.
///
/// It carries no error of the engine and no part of the URL: those may quote a value or a password.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// The URL cannot be used.
    Url(UrlFault),
    /// TLS with the server failed.
    Tls(TlsFault),
    /// The host has no address.
    NoAddress,
    /// The server cannot be reached.
    Unreachable(io::ErrorKind),
    /// The server refused, with this code.
    Server(Code),
    /// The connection ended.
    Ended,
    /// What answers is no Redis server, or says what none says.
    Protocol,
    /// The server only follows another one, and may be behind it.
    Replica,
    /// The server is too old.
    TooOld,
    /// Where memory is short, the server forgets what it was given.
    Evicts(Policy),
    /// The server tells nobody whether it forgets.
    PolicyHidden,
    /// What was read is not what this crate writes.
    Unreadable,
    /// More counts at once than the contract allows.
    TooMany,
    /// The time that a call may take is over.
    TooLate,
}

/// The word by which a server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code([u8; 16]);

impl Code {
    /// Takes the code from a server; what is not of the code's form is left out.
    pub(crate) fn new(text: &str) -> Self {
        let mut code = [0; 16];
        let bytes = text.bytes().filter(u8::is_ascii_uppercase);
        for (place, byte) in code.iter_mut().zip(bytes) {
            *place = byte;
        }
        Self(code)
    }

    pub(crate) fn as_str(&self) -> &str {
        // INVARIANT: every byte is ASCII.
        let text = str::from_utf8(&self.0).unwrap_or_default();
        text.trim_end_matches('\0')
    }
}

/// What a server does where its memory is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy([u8; 24]);

impl Policy {
    pub(crate) fn new(text: &str) -> Self {
        let mut policy = [0; 24];
        let bytes = text
            .bytes()
            .filter(|byte| byte.is_ascii_lowercase() || *byte == b'-');
        for (place, byte) in policy.iter_mut().zip(bytes) {
            *place = byte;
        }
        Self(policy)
    }

    fn as_str(&self) -> &str {
        // INVARIANT: every byte is ASCII.
        let text = str::from_utf8(&self.0).unwrap_or_default();
        text.trim_end_matches('\0')
    }
}

impl Cause {
    /// Whether nothing more can be asked on the connection, or nothing that counts.
    pub(crate) fn is_of_connection(&self) -> bool {
        match self {
            // A server that was a primary, or whose password was changed.
            Self::Server(code) => matches!(code.as_str(), "READONLY" | "NOAUTH" | "MASTERDOWN"),
            Self::Ended | Self::Unreachable(_) | Self::Protocol | Self::Replica => true,
            _ => false,
        }
    }
}

impl From<RedisError> for Cause {
    /// Only the kind of an error goes on: its text may quote a value of the server or of the URL.
    fn from(error: RedisError) -> Self {
        if let Some(code) = error.code() {
            // What a script says of itself has no code of its own.
            let says = |text| error.detail().is_some_and(|detail| detail.contains(text));
            return match code {
                "WRONGTYPE" => Self::Unreadable,
                "ERR" if says("tower-auth:") => Self::Unreadable,
                "ERR" if says("can't run this command") || says("ACL failure") => {
                    Self::Server(Code::new("NOPERM"))
                }
                code => Self::Server(Code::new(code)),
            };
        }
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Server(Code::new("WRONGPASS")),
            ErrorKind::RESP3NotSupported => Self::TooOld,
            ErrorKind::Io if error.is_timeout() => Self::TooLate,
            ErrorKind::Io => Self::Ended,
            _ => Self::Protocol,
        }
    }
}

impl From<Cause> for SharedStateError {
    fn from(cause: Cause) -> Self {
        Self::new(cause)
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
            Self::Server(code) => write!(f, "{} ({})", advice(code.as_str()), code.as_str()),
            Self::Ended => f.write_str(
                "the connection to the server ended: look at the server's log; new connections are tried",
            ),
            Self::Protocol => f.write_str(
                "what answers is no Redis server: correct the host and the port of the URL",
            ),
            Self::Replica => f.write_str(
                "the server is a replica, which may be behind: name the primary in the URL",
            ),
            Self::TooOld => {
                f.write_str("the server is older than Redis 7: install Redis 7 or later, or Valkey")
            }
            Self::Evicts(policy) => write!(
                f,
                "where its memory is short, the server forgets what must be remembered: set \
                 maxmemory-policy to noeviction (it is {}), or name a server of its own",
                policy.as_str()
            ),
            Self::PolicyHidden => f.write_str(
                "the server does not say whether it forgets what must be remembered: grant the user +info, \
                 or +config|get",
            ),
            Self::Unreadable => f.write_str(
                "the server holds under these names what this program does not write: give it a namespace \
                 of its own in the URL, namespace=NAME",
            ),
            Self::TooMany => f.write_str("too many counts at once"),
            Self::TooLate => f.write_str(
                "the server did not answer in time: look for what keeps it busy, or raise the wait limit",
            ),
        }
    }
}

/// What to do about a refusal of the server.
fn advice(code: &str) -> &'static str {
    match code {
        "WRONGPASS" => "the server refuses the user: look at the user and the password of the URL",
        "NOAUTH" => "the server asks for a password: put one into the URL",
        "NOPERM" => {
            "the user lacks a permission: grant it what the README of tower-auth-redis lists, for names \
             that begin with the namespace"
        }
        "READONLY" | "MASTERDOWN" => {
            "the server is a replica, which may be behind: name the primary in the URL"
        }
        "OOM" => "the server has no memory left: raise its maxmemory, or give it less to keep",
        "MISCONF" => "the server cannot write to its disk: look at its log",
        "NOREPLICAS" => "the server has fewer replicas than it must have: look at them",
        "LOADING" => "the server is starting: wait, or look at its log",
        "BUSY" => "another program's script keeps the server busy: look for it",
        "MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT" | "TRYAGAIN" => {
            "the server is one of a cluster: name a server that keeps everything itself"
        }
        _ => "the server refuses: look at its log, and at the URL's database",
    }
}

impl Error for Cause {}
