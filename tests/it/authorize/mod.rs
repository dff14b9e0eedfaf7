//! What a caller may do: the layers, the checks in handlers, and the authorizers behind them.

mod apps;
mod building;
mod claims;
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

use crate::common;
use crate::common::jose;
