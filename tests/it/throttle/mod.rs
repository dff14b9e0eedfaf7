//! Limits of requests [14.1].

mod addresses;
mod attempts;
mod in_flight;
mod kit;
mod proxies;
mod proxies_properties;
mod shared;
mod webhooks;
