//! Tokens: with a key of the file's, of the environment's, or of an issuer.

use std::{sync::Arc, time::Duration};

use super::Builder;
use crate::{
    ConfigError, ConfigErrorKind,
    config::{
        fault::Place,
        read::{Seconds, Slot, Spot},
        shape::{
            agent::Tokens,
            gateway::{Jwt, OAuth2},
        },
        source::read_text,
    },
    jose::{Algorithm, Key},
    provider::{AuthProvider, JwtAuth, OAuth2Auth},
};

/// What makes one issuer's provider another's: with the same, fetched keys can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Issuer {
    issuer: String,
    audiences: Vec<String>,
    jwks_uri: Option<String>,
    algorithms: Option<Vec<Algorithm>>,
    scope_claim: Option<String>,
    skew: Option<u64>,
    strict: bool,
}

impl Builder<'_> {
    pub(super) fn jwt(&mut self, jwt: &Jwt, place: &Place) -> Option<Arc<dyn AuthProvider>> {
        let key = self.key(jwt, place);
        let leeway = self.leeway(&jwt.clock_skew_seconds);
        let key = key?;
        let algorithm = key.algorithm();
        let mut provider = JwtAuth::new(key);
        if let Some(audiences) = jwt.audience.value() {
            provider = provider.with_audiences(&audiences.0);
        }
        if let Some(issuer) = jwt.issuer.value() {
            provider = provider.with_issuer(issuer);
        }
        if let Some(claim) = jwt.scope_claim.value() {
            provider = provider.with_scope_claim(claim.clone());
        }
        if let Some(leeway) = leeway {
            provider = provider.with_leeway(leeway).ok()?;
        }
        if jwt.insecure_allow_missing_exp.value() == Some(&true) {
            provider = provider.insecure_allow_missing_exp();
            self.weak("auth.jwt accepts tokens without exp, which never expire");
        }
        Some(self.finish_jwt(provider, algorithm))
    }

    pub(super) fn agent_tokens(&mut self, tokens: &Tokens) -> Option<Arc<dyn AuthProvider>> {
        let algorithm = tokens.algorithm;
        let secret = tokens.key.value.expose();
        let place = &tokens.key.place;
        let key = match algorithm.is_symmetric() {
            true => Key::hmac(algorithm, secret).map_err(|error| match error.kind() {
                ConfigErrorKind::WeakKey => short(algorithm, ""),
                _ => key_file(algorithm, "set JWT_ALGORITHM to the key's algorithm"),
            }),
            false => Key::from_pem(algorithm, secret),
        };
        let mut provider = JwtAuth::new(self.faults.keep(place, key)?);
        if let Some(issuer) = &tokens.issuer {
            provider = provider.with_issuer(issuer);
        }
        if let Some(audience) = &tokens.audience {
            provider = provider.with_audience(audience);
        }
        Some(self.finish_jwt(provider, algorithm))
    }

    fn finish_jwt(&mut self, provider: JwtAuth, algorithm: Algorithm) -> Arc<dyn AuthProvider> {
        self.summary.providers.push(format!("jwt ({algorithm})"));
        Arc::new(match &self.config.clock {
            Some(clock) => provider.with_clock(clock.clone()),
            None => provider,
        })
    }

    fn key(&mut self, jwt: &Jwt, place: &Place) -> Option<Key> {
        let is_short = jwt.insecure_allow_short_secret.value() == Some(&true);
        match (&jwt.secret, &jwt.public_key_file) {
            (Slot::Absent, Slot::Absent) => {
                let message = "neither `secret` nor `public_key_file` is there: add one of the two";
                self.faults.add(ConfigErrorKind::Empty, place, message);
                None
            }
            (Slot::Here(secret), Slot::Absent) => {
                let algorithm = match &jwt.algorithm {
                    Slot::Absent => Algorithm::HS256,
                    Slot::Faulty => return None,
                    Slot::Here(spot) => spot.value,
                };
                if !algorithm.is_symmetric() {
                    let message = format!(
                        "{algorithm} checks with a public key and not with a secret: write \
                         `public_key_file`, or an algorithm such as HS256"
                    );
                    let place = &secret.place;
                    self.faults.add(ConfigErrorKind::WrongKey, place, message);
                    return None;
                }
                let key = match is_short {
                    true => Key::insecure_allow_short_secret(algorithm, secret.value.expose()),
                    false => Key::hmac(algorithm, secret.value.expose()),
                };
                if is_short {
                    self.weak("auth.jwt allows a short secret, which can be guessed from a token");
                }
                let key = key.map_err(|error| match error.kind() {
                    ConfigErrorKind::WeakKey => short(
                        algorithm,
                        ", or write `insecure_allow_short_secret: true` if it cannot be changed",
                    ),
                    _ => key_file(algorithm, "write `public_key_file` and the key's algorithm"),
                });
                self.faults.keep(&secret.place, key)
            }
            (Slot::Absent, Slot::Here(file)) => {
                if is_short {
                    let message = "a public key has no secret that could be short: leave \
                                   `insecure_allow_short_secret` out";
                    self.faults.add(ConfigErrorKind::Conflict, place, message);
                }
                self.public_key(jwt, file)
            }
            (Slot::Here(_), Slot::Here(_)) => {
                let message = "both `secret` and `public_key_file` are there: keep one of the two";
                self.faults.add(ConfigErrorKind::Conflict, place, message);
                None
            }
            (Slot::Faulty, _) | (_, Slot::Faulty) => None,
        }
    }

    fn public_key(&mut self, jwt: &Jwt, file: &Spot<String>) -> Option<Key> {
        let path = self.config.source.folder().join(&file.value);
        let pem = match read_text(&path, LARGEST_KEY, self.seen) {
            Ok(pem) => Some(pem),
            Err(why) => {
                let message = format!("{why} (a relative path starts from this file's folder)");
                self.faults
                    .add(ConfigErrorKind::Unknown, &file.place, message);
                None
            }
        };
        let algorithm = match &jwt.algorithm {
            Slot::Faulty => return None,
            Slot::Here(spot) => spot,
            Slot::Absent => {
                let message = "the algorithm of the public key is missing: add `algorithm`, such \
                               as RS256 or ES256";
                self.faults
                    .add(ConfigErrorKind::Empty, &file.place, message);
                return None;
            }
        };
        if algorithm.value.is_symmetric() {
            let message = format!(
                "{} checks with a secret and not with a public key: write the key's own \
                 algorithm, such as RS256 or ES256",
                algorithm.value
            );
            self.faults
                .add(ConfigErrorKind::WrongKey, &algorithm.place, message);
            return None;
        }
        let pem = pem?;
        if !pem.expose().contains("-----BEGIN ") {
            let message = "the file holds no PEM public key: one begins with \
                           `-----BEGIN PUBLIC KEY-----`";
            self.faults
                .add(ConfigErrorKind::Malformed, &file.place, message);
            return None;
        }
        let key = Key::from_pem(algorithm.value, pem.expose());
        self.faults.keep(&file.place, key)
    }

    pub(super) fn oauth2(&mut self, oauth2: &OAuth2, _: &Place) -> Option<Arc<dyn AuthProvider>> {
        let leeway = self.leeway(&oauth2.clock_skew_seconds);
        self.check_algorithms(oauth2);
        let issuer = oauth2.issuer.here()?;
        let audiences = oauth2.audience.value()?;
        let algorithms = oauth2.algorithms.value();
        let plan = Issuer {
            issuer: issuer.value.clone(),
            audiences: audiences.0.clone(),
            jwks_uri: oauth2.jwks_uri.value().cloned(),
            algorithms: algorithms.map(|list| list.0.iter().map(|spot| spot.value.0).collect()),
            scope_claim: oauth2.scope_claim.value().cloned(),
            skew: leeway.map(|leeway| leeway.as_secs()),
            strict: oauth2.strict_at_jwt.value() == Some(&true),
        };
        let provider = match self.former.issuer.filter(|(former, _)| *former == plan) {
            Some((_, provider)) => provider.clone(),
            None => {
                let place = oauth2
                    .jwks_uri
                    .here()
                    .map_or(&issuer.place, |uri| &uri.place);
                let made = plan.provider();
                let made = self.faults.keep(place, made)?;
                match &self.config.clock {
                    Some(clock) => made.with_clock(clock.clone()),
                    None => made,
                }
            }
        };
        self.summary
            .providers
            .push(format!("oauth2 ({})", plan.issuer.escape_debug()));
        self.issuer = Some((plan, provider.clone()));
        Some(Arc::new(provider))
    }

    fn check_algorithms(&mut self, oauth2: &OAuth2) {
        let mut seen = Vec::new();
        for spot in oauth2
            .algorithms
            .value()
            .into_iter()
            .flat_map(|list| &list.0)
        {
            if seen.contains(&spot.value) {
                let message = "the algorithm is there twice: leave this one out";
                self.faults
                    .add(ConfigErrorKind::Duplicate, &spot.place, message);
            }
            seen.push(spot.value);
        }
    }

    fn leeway(&mut self, skew: &Slot<Seconds>) -> Option<Duration> {
        let spot = skew.here()?;
        if spot.value.0 > LONGEST_SKEW {
            let message = format!(
                "the clocks may differ by {LONGEST_SKEW} seconds at most: write less, and set the \
                 clocks right"
            );
            self.faults
                .add(ConfigErrorKind::Malformed, &spot.place, message);
            return None;
        }
        Some(Duration::from_secs(spot.value.0))
    }

    pub(super) fn weak(&mut self, what: impl Into<String>) {
        self.summary.weak.push(what.into());
    }
}

impl Issuer {
    fn provider(&self) -> Result<OAuth2Auth, ConfigError> {
        let mut audiences = self.audiences.iter();
        let first = audiences.next().map_or("", String::as_str);
        let mut provider = match &self.jwks_uri {
            Some(uri) => OAuth2Auth::from_jwks_uri(self.issuer.as_str(), first, uri)?,
            None => OAuth2Auth::new(self.issuer.as_str(), first)?,
        };
        for audience in audiences {
            provider = provider.add_audience(audience.as_str())?;
        }
        if let Some(algorithms) = &self.algorithms {
            provider = provider.with_algorithms(algorithms.iter().copied())?;
        }
        if let Some(claim) = &self.scope_claim {
            provider = provider.with_scope_claim(claim.clone());
        }
        if let Some(skew) = self.skew {
            provider = provider.with_clock_skew(Duration::from_secs(skew))?;
        }
        Ok(match self.strict {
            true => provider.strict_at_jwt(),
            false => provider,
        })
    }
}

fn short(algorithm: Algorithm, or: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::WeakKey,
        format!(
            "the {algorithm} secret is shorter than the hash: make one with {}{or}",
            algorithm.recipe()
        ),
    )
}

fn key_file(algorithm: Algorithm, mend: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::WrongKey,
        format!(
            "a key file stands where the {algorithm} secret belongs, and whoever knows that key \
             could sign tokens with it: {mend}, or make a secret with {}",
            algorithm.recipe()
        ),
    )
}

const LARGEST_KEY: u64 = 64 * 1024;
const LONGEST_SKEW: u64 = 300;
