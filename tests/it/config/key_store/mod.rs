//! Managed keys from a file: the block `key_store`.

mod administered;
mod beside_others;
mod faults;
mod kit;
mod opening;
mod reload;
mod settings;
