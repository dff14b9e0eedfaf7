//! API keys.

mod handle;
mod one_comparison;
mod records;
