//! Tokens under a fixed key.

mod layer;
mod provider;
