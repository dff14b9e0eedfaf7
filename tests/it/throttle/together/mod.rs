//! Limits that several processes count together [14.4].

mod attempts;
mod config;
mod double;
mod outage;
mod requests;
mod webhooks;
