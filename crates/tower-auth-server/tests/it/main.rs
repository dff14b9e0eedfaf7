//! The program `tower-auth`, as a shell runs it.
#![cfg(test)]

mod audit;
mod canary;
mod checking;
mod common;
mod documents;
mod ends;
mod first_admin;
#[path = "../../../tower-auth-postgres/tests/it/guarded.rs"]
#[allow(dead_code, reason = "the tests of that crate use the rest")]
mod guarded;
mod help;
mod http_api;
mod importing;
mod listing;
mod making;
mod mistakes;
mod outage;
mod postgres;
#[path = "../../../tower-auth-postgres/tests/it/server.rs"]
#[allow(dead_code, reason = "the tests of that crate use the rest")]
mod server;
mod updating;
mod whole_life;
