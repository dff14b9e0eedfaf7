//! The settings of the provider, checked when they are set.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    error::{ConfigError, ConfigErrorKind},
    issuer::fetch::{BearerFile, Endpoint, Transport},
    issuer::{
        KeySetLocation,
        keys::{LONGEST_CACHE_TTL, RefreshSettings, SHORTEST_CACHE_TTL},
    },
    jose::{Algorithm, ClaimRules, HeaderRules},
    provider::{Grants, token::DEFAULT_REMEMBERED_TOKENS},
    request::CredentialSource,
};

#[derive(Clone, Debug)]
pub(super) struct OAuth2Settings {
    pub(super) issuer: Box<str>,
    pub(super) audiences: Vec<String>,
    pub(super) location: KeySetLocation,
    pub(super) algorithms: Box<[Algorithm]>,
    /// Without issuer and audiences, which `claim_rules` adds.
    pub(super) rules: ClaimRules,
    pub(super) grants: Grants,
    pub(super) header_rules: HeaderRules,
    pub(super) strict_at_jwt: bool,
    pub(super) refresh: RefreshSettings,
    pub(super) remembered_tokens: usize,
    pub(super) sources: Arc<[CredentialSource]>,
    pub(super) transport: Transport,
    /// The bearer token for requests to the issuer.
    pub(super) bearer: Option<BearerFile>,
    /// The issuer, where it may be asked over plain http.
    pub(super) insecure: Option<Endpoint>,
    pub(super) clock: Clock,
}

impl OAuth2Settings {
    pub(super) fn new(
        issuer: String,
        first_audience: String,
        location: KeySetLocation,
    ) -> Result<Self, ConfigError> {
        if issuer.trim().is_empty() {
            return Err(blank(
                "the issuer is blank: write it exactly as tokens name it in `iss`",
            ));
        }
        Ok(Self {
            issuer: issuer.into_boxed_str(),
            audiences: vec![audience(first_audience)?],
            location,
            algorithms: Box::new([Algorithm::RS256, Algorithm::ES256]),
            rules: ClaimRules::new(),
            grants: Grants::default(),
            header_rules: HeaderRules::new(),
            strict_at_jwt: false,
            refresh: RefreshSettings::default(),
            remembered_tokens: DEFAULT_REMEMBERED_TOKENS,
            sources: Arc::new([CredentialSource::bearer()]),
            transport: Transport::default(),
            bearer: None,
            insecure: None,
            clock: Clock::system(),
        })
    }

    /// Every rule for the claims.
    pub(super) fn claim_rules(&self) -> ClaimRules {
        self.rules
            .clone()
            .with_issuer(&*self.issuer)
            .with_audiences(&self.audiences)
    }
}

pub(super) fn audience(text: String) -> Result<String, ConfigError> {
    if text.trim().is_empty() {
        return Err(blank(
            "the audience is blank: write the one that tokens for this service name in `aud`",
        ));
    }
    Ok(text)
}

pub(super) fn algorithms(
    algorithms: impl IntoIterator<Item = Algorithm>,
) -> Result<Box<[Algorithm]>, ConfigError> {
    let algorithms: Box<[_]> = algorithms.into_iter().collect();
    if algorithms.is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::Empty,
            "no algorithm is accepted: name at least one, such as RS256",
        ));
    }
    match algorithms.iter().find(|algorithm| algorithm.is_symmetric()) {
        None => Ok(algorithms),
        Some(algorithm) => Err(ConfigError::new(
            ConfigErrorKind::Unsupported,
            format!(
                "{algorithm} needs a secret, and an issuer publishes none: name the algorithm \
                 that it signs with, such as RS256"
            ),
        )),
    }
}

pub(super) fn cache_ttl(ttl: Duration) -> Result<u64, ConfigError> {
    let seconds = ttl.as_secs();
    if (SHORTEST_CACHE_TTL..=LONGEST_CACHE_TTL).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(malformed(
            "keys are kept for a minute at least and a day at most",
        ))
    }
}

pub(super) fn stale_ttl(ttl: Duration) -> Result<u64, ConfigError> {
    match ttl.as_secs() {
        ..SHORTEST_CACHE_TTL => Err(malformed(
            "keys that cannot be fetched again are kept for a minute at least",
        )),
        seconds => Ok(seconds),
    }
}

pub(super) fn cool_down(cool_down: Duration) -> Result<u64, ConfigError> {
    match cool_down.as_secs() {
        0 => Err(malformed("the cool-down is a second at least")),
        seconds => Ok(seconds),
    }
}

/// The method of the callers, and the provider's name in the log.
pub(super) const METHOD: &str = "oauth2";

fn blank(message: &'static str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Blank, message)
}

fn malformed(message: &'static str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Malformed, message)
}
