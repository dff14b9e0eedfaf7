//! The principal sources of all providers of a layer, compared with each other.

use super::source::PrincipalSource;
use crate::{caught::caught, error::ConfigError};

/// The principal sources that were compared so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct PrincipalSources(pub(super) Vec<PrincipalSource>);

impl PrincipalSources {
    /// Adds the sources of one provider, unless its users would be mixed up with those of another.
    /// Answers the sources of that provider.
    pub(crate) fn add(
        &mut self,
        of_provider: impl FnOnce() -> Vec<PrincipalSource>,
    ) -> Result<Self, ConfigError> {
        // A provider that panics here answers 503 to each of its requests, and accepts nobody.
        let sources = caught(of_provider).unwrap_or_default();
        for source in &sources {
            if let Some(other) = self.0.iter().find(|other| source.mixes_up_with(other)) {
                return Err(source.conflict(other));
            }
            if !self.0.contains(source) {
                self.0.push(source.clone());
            }
        }
        Ok(Self(sources))
    }
}
