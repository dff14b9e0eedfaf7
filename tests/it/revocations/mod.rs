//! Credentials that end before their time [13.1].

mod kit;
mod outage;
mod principals;
mod stores;
mod tokens;
