//! An MCP server that a document describes.

use crate::{config::shape::mcp::Mcp, mcp::McpLayer};

/// What a document says of an MCP server, and the layer that it comes to.
pub(in crate::config) struct McpServer {
    pub(in crate::config) block: Mcp,
    pub(in crate::config) layer: McpLayer,
}
