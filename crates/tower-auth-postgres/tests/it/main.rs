//! The store through its public interface, with real servers and real processes.
#![cfg(test)]

mod addresses;
mod claims;
mod common;
mod follower;
mod hints;
mod managed;
mod opening;
mod order;
mod outage;
mod processes;
mod proxy;
mod secrets;
mod shared;
mod shared_opening;
mod sweeping;
mod tls;
