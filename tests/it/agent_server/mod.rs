//! The example server, started as a program and called over HTTP.

use crate::common;

mod config;
mod described;
mod issuer;
mod key_store;
mod key_store_named;
mod limits;
mod options;
mod pages;
mod permissions;
mod routes;
mod secrets;
#[cfg(unix)]
mod seen;
#[cfg(unix)]
mod stopping;
mod streams;
mod telegram;
mod welcome;

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The `Authorization` value of a token for this server that may run the agent and expires so
/// many seconds from now.
fn bearer(expires_in: i64) -> String {
    let exp = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap() + expires_in;
    signed(&json!({"sub": "ada", "aud": "agent-server", "exp": exp, "scope": "agents:invoke"}))
}

fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Header::default(), claims, &key).unwrap();
    format!("Bearer {token}")
}
