//! Managed keys from a file: the block `key_store`.

mod added_again;
mod administered;
mod beside_others;
mod faults;
mod held_revocations;
mod kit;
mod opening;
mod reload;
mod revocations;
mod served;
mod settings;
