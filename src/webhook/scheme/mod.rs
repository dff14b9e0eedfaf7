//! How the platforms sign: a file each, data and a parser.

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

/// The seconds by which a signed time may be off, where the platform names no other number.
const LEEWAY: u64 = 300;
