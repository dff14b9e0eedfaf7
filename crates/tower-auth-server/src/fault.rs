//! Why a command ends without having done its work: one line on standard error, and an exit code.

use std::{error::Error, fmt, process::ExitCode};

use tower_auth::keys::{KeyAdminError, KeyStoreError};

use crate::plain::Plain;

/// The end of a command that did not do its work.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The work failed; the text says what to do.
    Failed(String),
    /// The store is not there; the text says how it comes to be there.
    NoStore(String),
    /// The command line is not of the right form; the text says what to write.
    Usage(String),
    /// Ctrl-C; the text says what is not known now.
    Interrupted(String),
    /// Whoever reads standard output has read enough.
    NobodyReads,
}

impl Fault {
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// What to say on standard error, and the exit code; `None` where there is nobody to tell.
    pub(crate) fn told(&self) -> Option<(Plain<&str>, ExitCode)> {
        let (text, code) = match self {
            Self::Failed(text) | Self::NoStore(text) => (text, 1),
            Self::Usage(text) => (text, 2),
            Self::Interrupted(text) => (text, 130),
            Self::NobodyReads => return None,
        };
        Some((Plain(text), ExitCode::from(code)))
    }

    /// Adds what to do about it.
    pub(crate) fn and(self, advice: impl fmt::Display) -> Self {
        let add = |text: String| format!("{text}; {advice}");
        match self {
            Self::Failed(text) => Self::Failed(add(text)),
            Self::Usage(text) => Self::Usage(add(text)),
            other => other,
        }
    }
}

impl From<KeyStoreError> for Fault {
    fn from(error: KeyStoreError) -> Self {
        Self::Failed(with_causes(&error))
    }
}

impl From<KeyAdminError> for Fault {
    fn from(error: KeyAdminError) -> Self {
        match error {
            KeyAdminError::NotFound => {
                Self::failed("no key has that id: `tower-auth keys list --all` shows all of them")
            }
            KeyAdminError::Invalid(why) => Self::Usage(why.into_owned()),
            other => Self::Failed(with_causes(&other)),
        }
    }
}

/// An error of a change. Where the store did not answer, nobody knows whether it carried the change out.
pub(crate) fn of_change(error: KeyAdminError) -> Fault {
    let is_unknown = matches!(error, KeyAdminError::Unavailable(_));
    match (Fault::from(error), is_unknown) {
        (fault, true) => fault.and("`tower-auth audit` shows whether it was done"),
        (fault, false) => fault,
    }
}

/// An error with its causes. A cause that only repeats what was said is left out.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
