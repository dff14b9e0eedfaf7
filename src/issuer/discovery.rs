//! Finding the address of an issuer's key set.

use super::{
    client::IssuerClient,
    fetch::{Endpoint, FetchError},
};
use crate::{
    error::{ConfigError, ConfigErrorKind},
    jose::json::{Members, Value},
};

/// The place where an issuer publishes its keys.
#[derive(Clone, Debug)]
pub(crate) enum KeySetLocation {
    /// The address of the key set stands in the configuration.
    Fixed(Endpoint),
    /// The issuer's own address stands in the configuration; its metadata names the key set.
    Discovered(Endpoint),
}

impl KeySetLocation {
    /// A key set whose address stands in the configuration.
    ///
    /// If the issuer may be asked over plain http, so may the same host and port here.
    pub(crate) fn fixed(jwks_uri: &str, issuer: Option<&Endpoint>) -> Result<Self, ConfigError> {
        Endpoint::parse_with_http_origin("jwks_uri", jwks_uri, issuer).map(Self::Fixed)
    }

    /// A key set that the metadata of an https issuer name.
    pub(crate) fn of_issuer(issuer: &str) -> Result<Self, ConfigError> {
        Self::discovered(issuer, Endpoint::parse("issuer", issuer)?)
    }

    /// A key set that the metadata of an issuer name which may be asked over plain http.
    pub(crate) fn of_insecure_issuer(issuer: &str) -> Result<Self, ConfigError> {
        Self::discovered(issuer, Endpoint::parse_insecure("issuer", issuer)?)
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

    /// The address that stands in the configuration.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        let (Self::Fixed(endpoint) | Self::Discovered(endpoint)) = self;
        endpoint
    }

    /// The address of the key set. Where it is not configured, the issuer named `issuer` is asked for
    /// it.
    pub(super) async fn resolve(
        &self,
        issuer: &str,
        client: &IssuerClient,
    ) -> Result<Endpoint, FetchError> {
        match self {
            Self::Fixed(key_set) => Ok(key_set.clone()),
            Self::Discovered(endpoint) => discover(issuer, endpoint, client).await,
        }
    }
}

/// Asks for the issuer's metadata at its two standard addresses, then uses the usual address of a key
/// set.
///
/// Only a 404 moves on to the next address: any other fault may be temporary, and an attacker who can
/// break one answer must not choose the next address.
async fn discover(
    issuer: &str,
    endpoint: &Endpoint,
    client: &IssuerClient,
) -> Result<Endpoint, FetchError> {
    let addresses = [
        // OpenID Connect Discovery 1.0 §4
        endpoint.with_path_around("", "/.well-known/openid-configuration"),
        // RFC 8414 §3.1
        endpoint.with_path_around("/.well-known/oauth-authorization-server", ""),
    ];
    for address in addresses {
        if let Some(document) = client.get(&address).await? {
            return key_set_in(&document.body, issuer, &address);
        }
    }
    Ok(endpoint.with_path_around("", "/.well-known/jwks.json"))
}

fn key_set_in(json: &[u8], issuer: &str, address: &Endpoint) -> Result<Endpoint, FetchError> {
    let malformed = FetchError::Malformed("the metadata is no JSON with issuer and jwks_uri");
    let Some(metadata) = Metadata::read(json) else {
        return Err(malformed);
    };
    // RFC 8414 §3.3: the names must be identical, or an issuer could publish another's keys as its
    // own.
    if *metadata.issuer != *issuer {
        return Err(FetchError::OtherIssuer(metadata.issuer));
    }
    address.linked(&metadata.jwks_uri)
}

/// The members of an issuer's metadata that are used here.
struct Metadata {
    issuer: Box<str>,
    jwks_uri: Box<str>,
}

impl Metadata {
    fn read(json: &[u8]) -> Option<Self> {
        let (mut issuer, mut jwks_uri) = (None, None);
        let mut members = Members::of(str::from_utf8(json).ok()?).ok()?;
        while let Some((name, value)) = members.next().ok()? {
            let member = match name {
                _ if name.is("issuer") => &mut issuer,
                _ if name.is("jwks_uri") => &mut jwks_uri,
                _ => continue,
            };
            let Value::Text(text) = value else {
                return None;
            };
            *member = Some(text.cow().into());
        }
        Some(Self {
            issuer: issuer?,
            jwks_uri: jwks_uri?,
        })
    }
}
