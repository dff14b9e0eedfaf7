//! The reasons why a token cannot be judged now.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use crate::{error::AuthError, issuer::fetch::FetchError};

/// The reason why a token cannot be judged now. It is never the token's fault.
#[derive(Debug)]
pub(crate) enum KeysUnavailable {
    /// There are no keys, or none that prove that the token's key does not exist.
    NoKeys {
        /// The seconds until the next fetch may start.
        retry_seconds: u64,
        fault: Option<Arc<FetchError>>,
    },
    /// The token names a key that was never seen, and another such token caused a fetch just now.
    UnknownKey {
        /// The seconds until an unknown key may cause a fetch again.
        retry_seconds: u64,
    },
    /// Too many requests wait for keys, in total or from this client.
    Crowded,
    /// The fetch goes on, and the request has waited for its wait limit.
    Slow,
    /// There is no Tokio runtime to fetch in.
    NoRuntime,
}

impl From<KeysUnavailable> for AuthError {
    fn from(unavailable: KeysUnavailable) -> Self {
        let (reason, seconds) = match &unavailable {
            KeysUnavailable::UnknownKey { retry_seconds } => {
                return Self::unknown_key(Duration::from_secs(*retry_seconds))
                    .with_reason("jwks_cooling_down");
            }
            KeysUnavailable::NoKeys { retry_seconds, .. } => {
                ("jwks_unavailable", Some(*retry_seconds))
            }
            KeysUnavailable::Crowded => {
                return Self::unavailable(unavailable)
                    .with_reason("jwks_crowded")
                    .caused_by_callers();
            }
            KeysUnavailable::Slow => ("jwks_slow", None),
            KeysUnavailable::NoRuntime => ("jwks_no_runtime", None),
        };
        let error = Self::unavailable(unavailable).with_reason(reason);
        match seconds {
            Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
            None => error,
        }
    }
}

impl fmt::Display for KeysUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKeys { .. } => "the issuer's keys could not be fetched",
            Self::UnknownKey { .. } => "the token's key is unknown, and the keys were just fetched",
            Self::Crowded => {
                "too many requests wait for the issuer's keys, or too many of this address"
            }
            Self::Slow => "the issuer's keys were not there in time",
            Self::NoRuntime => "keys are fetched in a tokio runtime, and there is none here",
        })
    }
}

impl Error for KeysUnavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoKeys { fault, .. } => fault
                .as_deref()
                .map(|fault| fault as &(dyn Error + 'static)),
            _ => None,
        }
    }
}
