//! The HTTP API for managed keys.

mod bodies;
mod conditions;
mod document;
mod escalation;
mod forms;
mod kit;
mod lifecycle;
mod lists;
mod paths;
mod refusals;
mod revocations;
mod schema;
mod secrets;
