//! Chains: which answer wins, who is asked, and what a further check changes.

mod and_then;
mod building;
mod members;
mod order;
mod own_principals;
mod panics;
mod principals;
mod table;
