//! The store through its public interface, with real servers and real processes.
#![cfg(test)]

mod addresses;
mod claims;
mod common;
mod follower;
mod guarded;
mod hints;
mod managed;
mod opening;
mod order;
mod outage;
mod pooler;
mod processes;
mod proxy;
mod secrets;
mod server;
mod tls;
