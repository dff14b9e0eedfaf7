//! Providers that do not ask whom a token is for.

use std::collections::BTreeSet;

use super::PrincipalSources;

impl PrincipalSources {
    /// The methods of the providers that accept tokens that may be for another service.
    pub(crate) fn taking_any_audience(&self) -> BTreeSet<&'static str> {
        let taking = self.0.iter().filter(|source| source.takes_any_audience);
        taking.map(|source| source.method).collect()
    }
}
