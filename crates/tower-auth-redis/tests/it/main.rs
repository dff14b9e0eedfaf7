//! The state through its public interface, with real servers.
#![cfg(test)]

mod acl;
mod claims;
mod common;
mod counts;
mod eviction;
mod garbage;
mod limits;
mod opener;
mod outage;
mod revocations;
mod secrets;
mod tls;
mod urls;
mod webhooks;
