//! What the replicas of a service share: counts of requests, and what one of them does once.

mod counts;
mod once;
mod schema;
mod state;
mod statement;
mod sweep;

pub use self::state::PostgresSharedState;
