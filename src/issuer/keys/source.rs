//! Where an issuer's keys are, and fetching them.

use std::{fmt::Write, sync::OnceLock};

use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::{
    error::{ConfigError, ConfigErrorKind},
    issuer::fetch::{BearerFile, Document, Endpoint, FetchError, Fetcher, Transport},
    jose::{
        Algorithm, JwkSet, SkippedKey,
        json::{Members, Value},
    },
    log::Clean,
};

/// The place where an issuer publishes its keys.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Given by the configuration.
    Known(Endpoint),
    /// To be found from the issuer's own address.
    Discovered(Endpoint),
}

impl Place {
    /// The place that a configuration names.
    ///
    /// Where plain http is allowed for the issuer, it is for the same host and port here.
    pub(crate) fn known(jwks_uri: &str, issuer: Option<&Endpoint>) -> Result<Self, ConfigError> {
        Endpoint::beside("jwks_uri", jwks_uri, issuer).map(Self::Known)
    }

    /// The place that the issuer itself tells.
    pub(crate) fn of_issuer(issuer: &str) -> Result<Self, ConfigError> {
        Self::discovered(issuer, Endpoint::parse("issuer", issuer)?)
    }

    /// The place that the issuer itself tells, who may be asked over plain http.
    pub(crate) fn of_insecure_issuer(issuer: &str) -> Result<Self, ConfigError> {
        Self::discovered(issuer, Endpoint::insecure("issuer", issuer)?)
    }

    fn discovered(issuer: &str, endpoint: Endpoint) -> Result<Self, ConfigError> {
        if endpoint.has_query_or_fragment() {
            // RFC 8414 §2
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!("the issuer {issuer:?} has a query or fragment: leave it out"),
            ));
        }
        Ok(Self::Discovered(endpoint))
    }

    /// The address that the configuration names.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        let (Self::Known(endpoint) | Self::Discovered(endpoint)) = self;
        endpoint
    }
}

/// Fetches one issuer's keys.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) issuer: Box<str>,
    pub(crate) place: Place,
    pub(crate) algorithms: Box<[Algorithm]>,
    pub(crate) transport: Transport,
    pub(crate) bearer: Option<BearerFile>,
    /// Made at the first fetch: making a client reads the system's root certificates.
    pub(crate) fetcher: OnceLock<Fetcher>,
}

/// A set that has at least one usable key.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) set: JwkSet,
    /// Equal for two sets with equal keys, in whatever order.
    pub(super) fingerprint: [u8; 32],
    /// For how many seconds the issuer says that the set is good.
    pub(super) max_age: Option<u64>,
}

impl Source {
    pub(super) async fn fetch(&self) -> Result<Fetched, FetchError> {
        let fetcher = self.fetcher()?;
        let place = match &self.place {
            Place::Known(place) => place.clone(),
            Place::Discovered(issuer) => self.discover(fetcher, issuer).await?,
        };
        let document = found(self.get(fetcher, &place).await?)?;
        let document = document.ok_or(FetchError::Status(StatusCode::NOT_FOUND))?;
        let set = JwkSet::parse(&document.body, &self.algorithms).map_err(FetchError::KeySet)?;
        if set.is_empty() {
            return Err(FetchError::NoUsableKey(list(set.skipped())));
        }
        Ok(Fetched {
            fingerprint: fingerprint(&set),
            set,
            max_age: max_age(&document.headers),
        })
    }

    /// Asks with the bearer, if there is one, where the configuration says that the issuer is; what
    /// it led to somewhere else is asked without.
    async fn get(&self, fetcher: &Fetcher, from: &Endpoint) -> Result<Document, FetchError> {
        let headers = match &self.bearer {
            Some(bearer) if from.is_beside(self.place.endpoint()) => bearer.headers().await?,
            _ => HeaderMap::new(),
        };
        fetcher.get_following(from, headers).await
    }

    /// Asks for the issuer's metadata in the two places it may be, then guesses.
    ///
    /// Only "not found" moves on to the next: whatever else is wrong may be wrong for a moment,
    /// and an attacker who can break one answer must not choose where the next question goes.
    async fn discover(&self, fetcher: &Fetcher, issuer: &Endpoint) -> Result<Endpoint, FetchError> {
        let metadata = [
            // OpenID Connect Discovery 1.0 §4
            issuer.around("", "/.well-known/openid-configuration"),
            // RFC 8414 §3.1
            issuer.around("/.well-known/oauth-authorization-server", ""),
        ];
        for place in metadata {
            if let Some(document) = found(self.get(fetcher, &place).await?)? {
                return self.read_metadata(&place, &document.body);
            }
        }
        Ok(issuer.around("", "/.well-known/jwks.json"))
    }

    fn read_metadata(&self, place: &Endpoint, json: &[u8]) -> Result<Endpoint, FetchError> {
        let malformed = FetchError::Malformed("the metadata is no JSON with issuer and jwks_uri");
        let Some(metadata) = Metadata::read(json) else {
            return Err(malformed);
        };
        // RFC 8414 §3.3: identical, or an issuer could pass another's keys off as its own.
        if *metadata.issuer != *self.issuer {
            return Err(FetchError::OtherIssuer(metadata.issuer));
        }
        place.linked(&metadata.jwks_uri)
    }

    fn fetcher(&self) -> Result<&Fetcher, FetchError> {
        if let Some(fetcher) = self.fetcher.get() {
            return Ok(fetcher);
        }
        let made = Fetcher::new(self.place.endpoint(), &self.transport);
        let made = made.map_err(FetchError::NoClient)?;
        Ok(self.fetcher.get_or_init(|| made))
    }
}

struct Metadata {
    issuer: Box<str>,
    jwks_uri: Box<str>,
}

impl Metadata {
    fn read(json: &[u8]) -> Option<Self> {
        let (mut issuer, mut jwks_uri) = (None, None);
        let mut members = Members::of(str::from_utf8(json).ok()?).ok()?;
        while let Some((name, value)) = members.next().ok()? {
            let slot = match name {
                _ if name.is("issuer") => &mut issuer,
                _ if name.is("jwks_uri") => &mut jwks_uri,
                _ => continue,
            };
            let Value::Text(text) = value else {
                return None;
            };
            *slot = Some(text.cow().into());
        }
        Some(Self {
            issuer: issuer?,
            jwks_uri: jwks_uri?,
        })
    }
}

/// The document, nothing where it is not there, and an error for every other answer.
fn found(document: Document) -> Result<Option<Document>, FetchError> {
    match document.status {
        StatusCode::OK => Ok(Some(document)),
        StatusCode::NOT_FOUND => Ok(None),
        other => Err(FetchError::Status(other)),
    }
}

/// A digest of the keys and of those that are skipped, in whatever order they came: verdicts are
/// remembered for as long as it stays.
fn fingerprint(set: &JwkSet) -> [u8; 32] {
    let usable = set.keys().map(|key| {
        let name = (key.id(), key.algorithm().as_str());
        digest(name, key.public_material().unwrap_or_default())
    });
    let skipped = set
        .skipped()
        .iter()
        .map(|key| digest((key.id(), key.reason()), b"skipped"));
    let mut keys: Vec<_> = usable.chain(skipped).collect();
    keys.sort_unstable();
    Sha256::digest(keys.concat()).into()
}

fn digest(name: (Option<&str>, &str), material: &[u8]) -> [u8; 32] {
    let name = format!("{name:?}");
    let mut digest = Sha256::new();
    // The length first, so that no name runs into what follows it.
    digest.update(name.len().to_be_bytes());
    digest.update(name);
    digest.update(material);
    digest.finalize().into()
}

/// `Cache-Control: max-age` (RFC 9111 §5.2.2.1) without what a cache on the way has used up.
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

/// RFC 9111 §1.2.2: digits, and what is too large for us is simply large.
fn seconds_of(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn list(skipped: &[SkippedKey]) -> String {
    let mut text = String::new();
    for (at, key) in skipped.iter().take(LISTED).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        // Writing to a string cannot fail.
        let _ = match key.id() {
            Some(id) => write!(text, "{comma}{}: {}", Clean(id), key.reason()),
            None => write!(text, "{comma}no kid: {}", key.reason()),
        };
    }
    text
}

const LISTED: usize = 8;

#[cfg(test)]
mod tests;
