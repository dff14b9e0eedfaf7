//! What several test files share.
//!
//! A test file begins with `#![cfg(test)]`: that is how clippy knows that its helpers, and these,
//! may unwrap, panic and index like the tests that call them.
#![allow(
    dead_code,
    reason = "each test file compiles its own copy and uses a part of it"
)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

pub mod agent;
pub mod answer;
pub mod bearer;
pub mod dice;
pub mod hostile;
pub mod jose;
pub mod live;
pub mod log;
pub mod mcp;
pub mod odd_jose;
pub mod oidc;
pub mod oneshot;
pub mod opaque;
pub mod paths_model;
pub mod runs;
pub mod spelling;
pub mod tls;
pub mod vectors;
pub mod wire;
pub mod wirings;
