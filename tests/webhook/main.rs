//! Deliveries that a platform signed.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test exports nothing")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/vectors.rs"]
mod vectors;

mod body;
mod invalid;
mod kit;
mod replay;
mod schemes;
mod times;
mod vector_file;
