//! What a caller may do: the layers, the checks in handlers, and the authorizers behind them.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

mod apps;
mod building;
mod combinations;
mod grants;
mod handlers;
mod hiding;
mod ids;
mod inner;
mod log;
mod misplaced;
mod mounting;
mod owners;
mod policy;
mod policy_building;
mod refusals;
mod roles;
mod scopes;
mod table;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/jose.rs"]
mod jose;
