//! Openers by the schemes of URLs.

use std::collections::BTreeMap;

use crate::error::{ConfigError, ConfigErrorKind};

/// Openers by the schemes of the URLs that they open.
#[derive(Clone)]
pub(crate) struct ByScheme<O>(BTreeMap<Box<str>, O>);

/// What the openers of a registry open, and the schemes of the crates beside this one, each with the crate
/// and its opener.
pub(crate) struct Known {
    pub(crate) what: &'static str,
    pub(crate) crates: &'static [(&'static str, &'static str, &'static str)],
}

impl<O> ByScheme<O> {
    /// Adds an opener, in place of what that scheme had.
    pub(crate) fn put(&mut self, scheme: &str, opener: O) {
        self.0.insert(scheme.to_ascii_lowercase().into(), opener);
    }

    pub(crate) fn schemes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|scheme| &**scheme)
    }

    /// The opener for a scheme; an error names the crate to add.
    pub(crate) fn find(&self, scheme: &str, known: &Known) -> Result<&O, ConfigError> {
        self.0.get(scheme).ok_or_else(|| {
            let mut crates = known.crates.iter();
            let advice = match crates.find(|(known, ..)| *known == scheme) {
                Some((_, package, opener)) => {
                    format!("add the crate `{package}`, and register `{opener}` for it")
                }
                None if self.0.is_empty() => "register what opens it".to_owned(),
                None => {
                    let schemes: Vec<_> = self
                        .schemes()
                        .map(|scheme| format!("`{scheme}:`"))
                        .collect();
                    let schemes = schemes.join(", ");
                    format!("write one of {schemes}, or register what opens it")
                }
            };
            let what = known.what;
            let text =
                format!("this program opens no {what} with the scheme `{scheme}:`: {advice}");
            ConfigError::new(ConfigErrorKind::Unknown, text)
        })
    }
}

impl<O> Default for ByScheme<O> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
