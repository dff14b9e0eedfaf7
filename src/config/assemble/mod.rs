//! From the document to a layer.

mod assembly;
mod audit;
mod built;
mod claims;
mod custom;
mod document;
mod engine_url;
mod faults;
mod gateway;
mod guard;
mod introspection;
mod issuers;
mod jwt;
mod kept;
mod key_store;
mod keys;
mod limits;
mod mcp;
mod mcp_server;
mod mode;
mod revocations;
mod secrets;
mod senders;
mod settings;
mod shared;
mod signatures;
mod throttle;
mod trust;
mod webhooks;

pub(super) use self::{
    built::{Built, assemble},
    gateway::Gateway,
    kept::{Former, Kept, RevocationsIn},
    mcp_server::McpServer,
};
