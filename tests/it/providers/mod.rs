//! The contract of a provider, and providers without a folder of their own.

mod allowlist;
mod contracts;
mod custom;
mod debug_output;
mod forms;
mod states;
mod unnamed;
