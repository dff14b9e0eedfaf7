//! One issuer's key set, fetched and described.

use std::fmt::Write;

use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::{
    issuer::{IssuerClient, KeySetLocation, fetch::FetchError},
    jose::{Algorithm, JwkSet, SkippedKey},
    log::Clean,
};

/// Fetches one issuer's key set.
#[derive(Debug)]
pub(crate) struct KeySource {
    /// The name that the issuer's metadata must repeat.
    pub(crate) issuer: Box<str>,
    pub(crate) location: KeySetLocation,
    /// Keys for other algorithms are skipped.
    pub(crate) algorithms: Box<[Algorithm]>,
    pub(crate) client: IssuerClient,
}

/// A key set that has at least one usable key.
#[derive(Debug)]
pub(super) struct FetchedKeys {
    pub(super) set: JwkSet,
    /// Equal for two sets with equal keys, in any order.
    pub(super) fingerprint: [u8; 32],
    /// The seconds for which the issuer allows to use the set.
    pub(super) max_age: Option<u64>,
}

impl KeySource {
    pub(super) async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        let address = self.location.resolve(&self.issuer, &self.client).await?;
        let document = self.client.get(&address).await?;
        let document = document.ok_or(FetchError::Status(StatusCode::NOT_FOUND))?;
        let set = JwkSet::parse(&document.body, &self.algorithms).map_err(FetchError::KeySet)?;
        if set.is_empty() {
            return Err(FetchError::NoUsableKey(list(set.skipped())));
        }
        Ok(FetchedKeys {
            fingerprint: fingerprint(&set),
            set,
            max_age: max_age(&document.headers),
        })
    }
}

/// A digest of the usable and the skipped keys, independent of their order. Remembered tokens are
/// forgotten when it changes.
fn fingerprint(set: &JwkSet) -> [u8; 32] {
    let usable = set.keys().map(|key| {
        let material = key.public_material().unwrap_or_default();
        digest(key.id(), key.algorithm().as_str(), material)
    });
    let skipped = set
        .skipped()
        .iter()
        .map(|key| digest(key.id(), key.reason(), b"skipped"));
    let mut keys: Vec<_> = usable.chain(skipped).collect();
    keys.sort_unstable();
    Sha256::digest(keys.concat()).into()
}

/// A digest of one key: its id, its algorithm or the reason why it is skipped, and its numbers.
fn digest(id: Option<&str>, about: &str, material: &[u8]) -> [u8; 32] {
    let name = format!("{:?}", (id, about));
    let mut digest = Sha256::new();
    // The length goes first, so that two different lists never have equal bytes.
    digest.update(name.len().to_be_bytes());
    digest.update(name);
    digest.update(material);
    digest.finalize().into()
}

/// The rest of `Cache-Control: max-age` (RFC 9111 §5.2.2.1) in seconds, less the `Age` that a cache on
/// the way reports.
fn max_age(headers: &HeaderMap) -> Option<u64> {
    let directives = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let max_age = directives
        .filter_map(|directive| directive.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))
        .and_then(|(_, seconds)| seconds_of(seconds.trim().trim_matches('"')))?;
    let age = headers
        .get(header::AGE)
        .and_then(|value| seconds_of(value.to_str().ok()?.trim()))
        .unwrap_or(0);
    Some(max_age.saturating_sub(age))
}

/// Reads digits (RFC 9111 §1.2.2); a number that is too large becomes the largest one.
fn seconds_of(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The ids of the first skipped keys and the reason for each.
fn list(skipped: &[SkippedKey]) -> String {
    let mut text = String::new();
    for (at, key) in skipped.iter().take(MAX_LISTED).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        // Writing to a string cannot fail.
        let _ = match key.id() {
            Some(id) => write!(text, "{comma}{}: {}", Clean(id), key.reason()),
            None => write!(text, "{comma}no kid: {}", key.reason()),
        };
    }
    text
}

const MAX_LISTED: usize = 8;

#[cfg(test)]
mod tests;
