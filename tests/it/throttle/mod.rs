//! Limits of requests [14.1] to [14.4].

mod addresses;
mod attempts;
mod beside;
mod chosen;
mod config;
mod in_flight;
mod keys;
mod kit;
mod proxies;
mod proxies_properties;
mod requests;
mod running;
mod shared;
mod together;
mod webhooks;
mod world;
