//! The HTTP API for managed keys.

mod conditions;
mod document;
mod escalation;
mod forms;
mod kit;
mod lifecycle;
mod lists;
mod refusals;
mod revocations;
mod secrets;
