//! The crate against software that it did not write: issuers, signing libraries, servers, a browser.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

#[path = "../common/mod.rs"]
mod common;

mod docs_page;
mod fixed_key;
mod key_api;
mod mcp;
mod mcp_conformance;
mod oidc;
mod second_opinion;
mod tools;
mod traversal;
mod unusual_issuer;
mod webhooks;
