//! What every shared state must hold.

mod counts;
mod kit;
mod once;
mod suite;

pub use self::suite::shared_state;
