//! Proxies whose word about a client's address counts, and the headers in which they write it.

mod hops;
mod network;
mod trusted;

pub use self::trusted::TrustedProxies;
