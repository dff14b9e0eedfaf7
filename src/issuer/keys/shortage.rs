//! Why a token cannot be judged at the moment.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use crate::{error::AuthError, issuer::fetch::FetchError};

/// Why a token cannot be judged now. Never the token's fault.
#[derive(Debug)]
pub(crate) enum Shortage {
    /// There are no keys, or none that prove that the token's key does not exist.
    NoKeys {
        seconds: u64,
        fault: Option<Arc<FetchError>>,
    },
    /// The token names a key that was never seen, and the keys were fetched for another such token
    /// just now.
    UnknownKey { seconds: u64 },
    /// As many wait for keys already as may, or as many of this client.
    Crowded,
    /// The fetch goes on; whoever waited for it has waited long enough.
    Slow,
    /// There is no Tokio runtime to fetch in.
    NoRuntime,
}

impl From<Shortage> for AuthError {
    fn from(shortage: Shortage) -> Self {
        let (reason, seconds) = match &shortage {
            Shortage::UnknownKey { seconds } => {
                return Self::unknown_key(Duration::from_secs(*seconds))
                    .with_reason("jwks_cooling_down");
            }
            Shortage::NoKeys { seconds, .. } => ("jwks_unavailable", Some(*seconds)),
            Shortage::Crowded => {
                return Self::unavailable(shortage)
                    .with_reason("jwks_crowded")
                    .caused_by_callers();
            }
            Shortage::Slow => ("jwks_slow", None),
            Shortage::NoRuntime => ("jwks_no_runtime", None),
        };
        let error = Self::unavailable(shortage).with_reason(reason);
        match seconds {
            Some(seconds) => error.with_retry_after(Duration::from_secs(seconds)),
            None => error,
        }
    }
}

impl fmt::Display for Shortage {
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

impl Error for Shortage {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoKeys { fault, .. } => fault
                .as_deref()
                .map(|fault| fault as &(dyn Error + 'static)),
            _ => None,
        }
    }
}
