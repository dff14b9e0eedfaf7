//! What the program put together when it started.

use super::{HasWebhookRoutes, Shared, State};
use crate::{
    config::{
        ConfigFaults,
        assemble::Built,
        fault::{Faults, Place},
        node::At,
    },
    error::ConfigErrorKind,
};

impl Shared {
    /// What the program put together when it started cannot be changed by a file.
    pub(super) fn with_same_wiring(
        &self,
        built: Built,
        state: &State,
    ) -> Result<Built, ConfigFaults> {
        let mut faults = Faults::of(self.config.source.name());
        let name = built.authorizer.as_ref().map(|named| &named.name);
        if name != state.authorizer.as_ref() {
            let place = Place::new("authorization", At::File);
            let message = "another authorizer than before is named: that takes a restart";
            faults.add(ConfigErrorKind::Conflict, &place, message);
        }
        if built.mcp.as_ref().map(|server| &server.block) != state.mcp.as_ref() {
            let place = Place::new("auth.mcp", At::File);
            let message = "another MCP server than before is described: that takes a restart";
            faults.add(ConfigErrorKind::Conflict, &place, message);
        }
        if !built.summary.webhooks().is_empty() && self.has_webhook_routes == HasWebhookRoutes::No {
            faults.add_homeless_webhooks();
        }
        match faults.len() {
            0 => Ok(built),
            _ => faults.finish(None),
        }
    }
}
