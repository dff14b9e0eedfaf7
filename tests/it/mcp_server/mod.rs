//! The example MCP server as a program, and the layers beside the checks of `rmcp` itself.

mod beside_rmcp;
mod options;
mod permissions;
mod sessions;
mod tools;
mod welcome;
