//! The shapes of a file: the agent's shape, and the blocks in the gateway's.

pub(super) mod agent;
pub(super) mod audit;
pub(super) mod caller;
pub(super) mod key_store;
pub(super) mod mcp;
pub(super) mod revocations;
pub(super) mod shared;
pub(super) mod throttle;
pub(super) mod tokens;
pub(super) mod webhook;
