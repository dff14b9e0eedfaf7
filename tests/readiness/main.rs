//! What the layer does with the readiness of the service inside [2.6].
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

mod errors;
mod inner;
mod load;
mod permits;
mod waiting;
