//! What the crate claims, through its public API: a module for each capability.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

#[path = "../common/mod.rs"]
mod common;

mod access;
mod agent_server;
mod answers;
mod api_keys;
mod attacks;
mod audit;
mod authorize;
mod chains;
mod config;
mod credentials;
mod describe;
mod jose;
mod jwt;
mod key_api;
mod keys;
mod mcp;
mod mcp_server;
mod metrics;
mod oauth2;
mod observe;
mod opaque;
mod project;
mod providers;
mod readiness;
mod revocations;
mod services;
mod streams;
mod testing;
mod throttle;
mod webhook;
