//! What stands behind an option.
//!
//! No message repeats a value: somebody may have put a key where an id belongs.

use std::time::Duration;

use serde_json::{Map, Value};
use tower_auth::keys::{KeyFormat, KeyId, Timestamp};

use super::Expiry;
use crate::time;

/// `key_` and 26 characters. A key is longer, whatever its prefix.
pub(super) fn id(given: &str) -> Result<KeyId, &'static str> {
    let is_id = |rest: &str| {
        let is_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        rest.len() == 26 && rest.bytes().all(is_digit)
    };
    match given.strip_prefix("key_").is_some_and(is_id) {
        true => Ok(KeyId::new(given)),
        false => Err(
            "is no id: write key_ and the 26 characters that `tower-auth keys list` shows, never a \
             key itself",
        ),
    }
}

/// An empty text is what a variable that is not set comes to, and no provider's issuer.
pub(super) fn issuer(given: &str) -> Result<String, &'static str> {
    match given.trim().is_empty() {
        true => Err("is blank: write the issuer, or leave it out where the provider has none"),
        false => Ok(given.to_owned()),
    }
}

/// What an unset variable leaves of an argument would end nothing, and say that it was done.
pub(super) fn filled(given: &str) -> Result<String, &'static str> {
    match given.trim().is_empty() {
        true => Err("is blank: write what is meant, or leave the option out"),
        false => Ok(given.to_owned()),
    }
}

pub(super) fn duration(given: &str) -> Result<Duration, String> {
    time::duration(given)
}

pub(super) fn time(given: &str) -> Result<Timestamp, &'static str> {
    time::time(given).ok_or(
        "is no time: write a day, such as 2027-01-31, or a time, such as 2027-01-31T12:00:00Z",
    )
}

/// A key that is dead when it is made is a mistake.
pub(super) fn lifetime(given: &str) -> Result<Duration, String> {
    match duration(given)? {
        Duration::ZERO => Err("is zero: write how long the key is valid, such as 90d".to_owned()),
        lifetime => Ok(lifetime),
    }
}

pub(super) fn expiry(given: &str) -> Result<Expiry, String> {
    match given {
        "never" => Ok(Expiry::Never),
        other => duration(other)
            .map(Expiry::After)
            .map_err(|why| format!("{why}, or never")),
    }
}

pub(super) fn credits(given: &str) -> Result<u64, &'static str> {
    whole(given)
        .filter(|number| *number <= MOST_CREDITS)
        .ok_or("is no number of requests: write a whole number, such as 10000")
}

/// What every reader of JSON reads exactly: 2⁵³ − 1.
pub(crate) const MOST_CREDITS: u64 = (1 << 53) - 1;

pub(super) fn count(given: &str) -> Result<usize, &'static str> {
    whole(given)
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| *number > 0)
        .ok_or("is no number of records: write a whole number from 1, such as 100")
}

fn whole(given: &str) -> Option<u64> {
    let is_number = !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| given.parse().ok()).flatten()
}

pub(super) fn prefix(given: &str) -> Result<String, &'static str> {
    KeyFormat::new(given)
        .map(|format| format.prefix().to_owned())
        .map_err(|_| {
            "is no prefix: write 1 to 32 letters, digits, - and _ that end in no _, such as sk_live"
        })
}

pub(super) fn metadata(given: &str) -> Result<Map<String, Value>, &'static str> {
    serde_json::from_str(given)
        .map_err(|_| "is no JSON object: write one like '{\"plan\": \"gold\"}'")
}
