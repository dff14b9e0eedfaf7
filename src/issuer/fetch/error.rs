//! The reasons why a fetch failed.

use std::{error::Error, fmt, io, path::Path, sync::Arc};

use http::StatusCode;

use crate::{error::ConfigError, jose::JwkSetError, log::Clean};

/// The reason why an issuer could not be asked, or why its answer cannot be used. It is never the
/// caller's fault.
#[derive(Debug)]
pub(crate) enum FetchError {
    Failed(Box<dyn Error + Send + Sync>),
    TimedOut,
    TooLong,
    Insecure,
    Status(StatusCode),
    Malformed(&'static str),
    /// The document describes the issuer of this name, which is not the one that was asked.
    OtherIssuer(Box<str>),
    KeySet(JwkSetError),
    /// A key set without a usable key; the text lists the reason for each skipped key.
    NoUsableKey(String),
    NoClient(ConfigError),
    /// The bearer token for the issuer cannot be read from this file.
    NoBearer(Arc<Path>, io::Error),
}

impl FetchError {
    /// The client's error without the URL: the query may hold a secret.
    pub(super) fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match error.into().downcast::<reqwest::Error>() {
            Ok(error) => Self::Failed(error.without_url().into()),
            Err(error) => Self::Failed(error),
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(_) => f.write_str("the issuer cannot be reached"),
            Self::TimedOut => f.write_str("the issuer took too long"),
            Self::TooLong => f.write_str("the issuer's answer is too long"),
            Self::Insecure => f.write_str("the issuer led to an address that may not be asked: not https, or elsewhere than where plain http is allowed"),
            Self::Status(status) => write!(f, "the issuer answered {}", status.as_u16()),
            Self::Malformed(why) => write!(f, "the issuer's answer is malformed: {why}"),
            Self::OtherIssuer(name) => {
                write!(f, "the document describes the issuer \"{}\"", Clean(name))
            }
            Self::KeySet(_) => f.write_str("the issuer's key set cannot be read"),
            Self::NoUsableKey(keys) => {
                write!(f, "the issuer publishes no usable key (skipped: [{keys}])")
            }
            Self::NoClient(_) => f.write_str("there is no HTTP client"),
            Self::NoBearer(path, _) => {
                write!(f, "the bearer for the key set cannot be read from {path:?}")
            }
        }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            Self::KeySet(error) => Some(error),
            Self::NoClient(error) => Some(error),
            Self::NoBearer(_, error) => Some(error),
            _ => None,
        }
    }
}
