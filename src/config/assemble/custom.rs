//! What the program registered, by its name.

use super::assembly::{Assembly, Provider, ProviderBlock};
use crate::{config::fault::Place, error::ConfigErrorKind};

/// The name of a provider that the program registered.
impl ProviderBlock for String {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        match assembly.config.registry.providers.find(self, "provider") {
            Ok(provider) => {
                assembly.summary.providers.push(format!("custom ({self})"));
                Some(provider)
            }
            Err(message) => {
                let faults = &mut assembly.faults;
                faults.add(ConfigErrorKind::Unknown, place, message);
                None
            }
        }
    }
}
