//! Credentials that end before their time.

mod stores;
