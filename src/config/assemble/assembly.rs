//! What is known while a document is put together, and the contract of its blocks.

use std::sync::Arc;

use super::{
    kept::{Former, Kept},
    limits::Limits,
    mcp_server::McpServer,
};
use crate::{
    config::{
        AuthConfig, ConfigSummary,
        fault::{Faults, Place},
        source::FileDigest,
    },
    provider::AuthProvider,
    webhook::WebhookRoutes,
};

/// What a block makes.
pub(in crate::config) type Provider = Arc<dyn AuthProvider>;

/// What a block of the file makes a provider of.
pub(in crate::config) trait ProviderBlock {
    /// The provider, or faults that say why there is none.
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider>;
}

/// What is read and found while a document is put together.
pub(in crate::config) struct Assembly<'a> {
    pub(super) config: &'a AuthConfig,
    pub(super) former: Option<Former<'a>>,
    pub(super) webhooks: WebhookRoutes,
    pub(super) kept: Kept,
    pub(super) limits: Limits,
    pub(super) mcp: Option<McpServer>,
    /// The address of the MCP server: tokens are for it, where their block names no audience.
    pub(super) resource: Option<String>,
    /// Whether the document lets everybody in, in one of the explicit ways.
    pub(super) is_open: bool,
    /// Whether the document has keys of its own, whatever they come to.
    pub(super) has_api_keys: bool,
    pub(super) files: &'a mut Vec<FileDigest>,
    pub(super) faults: Faults,
    pub(super) summary: ConfigSummary,
}
