//! A short name for the users of one provider, or of several.

use std::sync::Arc;

use crate::error::{ConfigError, ConfigErrorKind};

/// The name that a provider gives to the source of its callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceLabel {
    text: Arc<str>,
    is_shared: bool,
}

impl SourceLabel {
    /// A label of one provider alone.
    pub(crate) fn own(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::parse(text.into(), false)
    }

    /// A label of several providers that speak of the same users.
    pub(crate) fn shared(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::parse(text.into(), true)
    }

    fn parse(text: String, is_shared: bool) -> Result<Self, ConfigError> {
        let fault = |kind, why: &str| {
            Err(ConfigError::new(
                kind,
                format!("the label of a source, {text:?}, {why}"),
            ))
        };
        if text.trim().is_empty() {
            return fault(
                ConfigErrorKind::Blank,
                "is blank: write a short name, such as \"partners\"",
            );
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return fault(
                ConfigErrorKind::Malformed,
                "begins or ends with white space or holds a control character: write the name \
                 alone",
            );
        }
        // The claim that a user id is from stands behind a `#`.
        if text.contains('#') {
            return fault(
                ConfigErrorKind::Malformed,
                "holds a `#`, which no label may: leave it out",
            );
        }
        Ok(Self {
            text: text.into(),
            is_shared,
        })
    }

    /// Whether every provider with this label speaks of the same users.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }

    pub(crate) fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}
