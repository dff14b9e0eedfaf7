//! Configuration: from a file to a layer, and never open by accident.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

#[path = "../common/mod.rs"]
mod common;

mod files;
mod never_open;
mod overrides;
mod shapes;
