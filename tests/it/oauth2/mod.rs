//! `OAuth2Auth`: whose tokens are accepted, with which keys, and what happens when the issuer fails.

use crate::common;
use crate::common::tls;

mod audience;
mod bearer_file;
mod bodies;
mod bound;
mod claims;
mod client;
mod cold;
mod discovery;
mod fetching;
mod issuers;
mod keys;
mod logged;
mod memory;
mod mismatch;
mod odd_keys;
mod outage;
mod private;
mod refresh;
mod strict;
mod tokens;
mod unknown_keys;
mod waiting;
mod withdrawn_keys;
mod world;
