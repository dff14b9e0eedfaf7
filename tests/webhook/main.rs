//! Deliveries that a platform signed.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test exports nothing")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/vectors.rs"]
mod vectors;

mod body;
mod building;
mod chains;
mod discord;
mod invalid;
mod kit;
mod meta;
mod replay;
mod schemes;
mod signing;
mod slack;
mod telegram;
mod times;
mod twilio;
mod vector_file;
