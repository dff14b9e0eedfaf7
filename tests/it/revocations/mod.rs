//! Credentials that end before their time [13.1].

mod administered;
mod apart;
mod growing;
mod keys;
pub mod kit;
mod outage;
mod principals;
mod providers;
mod runtimes;
mod stores;
mod tokens;
mod users;
