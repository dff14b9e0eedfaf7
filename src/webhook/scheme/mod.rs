//! The signature schemes of the platforms: one file each, with data and a parser.

pub(super) mod discord;
pub(super) mod github;
pub(super) mod hmac;
pub(super) mod linear;
pub(super) mod meta;
pub(super) mod shopify;
pub(super) mod slack;
pub(super) mod standard;
pub(super) mod stripe;
pub(super) mod telegram;
pub(super) mod twilio;

/// The leeway of a signed time in seconds, where the platform names no other number.
const LEEWAY: u64 = 300;
