//! Tokens and key sets, read strictly.

mod attacks;
mod attacks_json;
mod key_numbers;
mod key_sets;
mod keys;
mod properties;
mod secrets;
mod skipped_keys;
mod vectors;
