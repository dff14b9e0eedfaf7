//! Tokens that are checked with keys of the file's or of the environment's.

use std::{sync::Arc, time::Duration};

use super::{Builder, claims::set_claims};
use crate::{
    config::{
        fault::Place,
        read::{Filled, Seconds, Slot, Spot},
        shape::{
            agent::Tokens,
            tokens::{Jwt, JwtKey},
        },
        source,
    },
    error::{ConfigError, ConfigErrorKind},
    jose::{Algorithm, Key, KeySet},
    provider::{AuthProvider, JwtAuth},
    secret::Secret,
};

/// What a block says of one key.
#[derive(Clone, Copy)]
struct KeyParts<'a> {
    secret: &'a Slot<Secret>,
    secret_file: &'a Slot<String>,
    public_key_file: &'a Slot<String>,
    algorithm: &'a Slot<Algorithm>,
    place: &'a Place,
    /// The member that lets the secret be short, where it is true.
    short: Option<&'a Place>,
}

impl Builder<'_> {
    pub(super) fn jwt(&mut self, jwt: &Jwt, place: &Place) -> Option<Arc<dyn AuthProvider>> {
        let keys = self.keys(jwt, place);
        let leeway = self.leeway(&jwt.clock_skew_seconds);
        let [scopes, roles] = self.grants(&jwt.granted_scopes, &jwt.granted_roles);
        let keys = keys?;
        let about = about(&keys);
        let mut provider = JwtAuth::new(keys);
        if let Some(audiences) = jwt.audience.value() {
            provider = provider.with_audiences(&audiences.0);
        }
        if let Some(issuer) = jwt.issuer.value() {
            provider = provider.with_issuer(issuer);
        }
        set_claims!(provider, jwt);
        self.weak_claims(jwt, place);
        if let Some(source) = jwt.source.here() {
            let labelled = provider.with_source(&source.value);
            provider = self.faults.keep(&source.place, labelled)?;
        }
        if let Some(scopes) = scopes {
            provider = provider.with_granted_scopes(scopes);
        }
        if let Some(roles) = roles {
            provider = provider.with_granted_roles(roles);
        }
        if let Some(leeway) = leeway {
            provider = provider.with_leeway(leeway).ok()?;
        }
        if jwt.insecure_allow_missing_exp.value() == Some(&true) {
            provider = provider.insecure_allow_missing_exp();
            self.weak("auth.jwt accepts tokens without exp, which never expire");
        }
        Some(self.finish_jwt(provider, about))
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
        Some(self.finish_jwt(provider, algorithm.to_string()))
    }

    fn finish_jwt(&mut self, provider: JwtAuth, about: String) -> Arc<dyn AuthProvider> {
        self.summary.providers.push(format!("jwt ({about})"));
        Arc::new(match &self.config.clock {
            Some(clock) => provider.with_clock(clock.clone()),
            None => provider,
        })
    }

    /// The one key that the block describes, or those in its list.
    fn keys(&mut self, jwt: &Jwt, place: &Place) -> Option<KeySet> {
        let short = jwt.insecure_allow_short_secret.here();
        let short = short.filter(|spot| spot.value).map(|spot| &spot.place);
        let only = KeyParts {
            secret: &jwt.secret,
            secret_file: &jwt.secret_file,
            public_key_file: &jwt.public_key_file,
            algorithm: &jwt.algorithm,
            place,
            short,
        };
        match &jwt.keys {
            Slot::Absent => {
                let message = "no key is there: add `secret`, `secret_file`, `public_key_file` or \
                               `keys`";
                self.key(only, message).map(KeySet::from)
            }
            Slot::Faulty => None,
            Slot::Here(keys) => {
                let is_alone = jwt.secret.is_absent()
                    && jwt.secret_file.is_absent()
                    && jwt.public_key_file.is_absent()
                    && jwt.algorithm.is_absent();
                if !is_alone {
                    let message = "beside `keys` stands a key or an algorithm of the whole block: \
                                   write each of them in an item of `keys`";
                    self.faults
                        .add(ConfigErrorKind::Conflict, &keys.place, message);
                }
                self.listed_keys(keys, short).filter(|_| is_alone)
            }
        }
    }

    fn listed_keys(
        &mut self,
        keys: &Spot<Filled<JwtKey>>,
        short: Option<&Place>,
    ) -> Option<KeySet> {
        let Filled(spots) = &keys.value;
        let before = self.faults.len();
        let mut found: Vec<Key> = Vec::with_capacity(spots.len());
        for spot in spots {
            let key = &spot.value;
            let parts = KeyParts {
                secret: &key.secret,
                secret_file: &key.secret_file,
                public_key_file: &key.public_key_file,
                algorithm: &key.algorithm,
                place: &spot.place,
                // Whether there is a secret at all, only the whole list tells.
                short: short.filter(|_| !key.secret.is_absent() || !key.secret_file.is_absent()),
            };
            let message = "the item has no key: add `secret`, `secret_file` or `public_key_file`";
            let made = self.key(parts, message);
            let (Some(made), Slot::Here(kid)) = (made, &key.kid) else {
                continue;
            };
            if found.iter().any(|other| other.id() == Some(&kid.value)) {
                let message = "another key has this `kid`: give each its own";
                self.faults
                    .add(ConfigErrorKind::Duplicate, &kid.place, message);
            }
            found.push(made.with_id(kid.value.as_str()));
        }
        if self.faults.len() > before || found.len() < spots.len() {
            // What is wrong with each of them has been told.
            return None;
        }
        if let (Some(place), false) = (
            short,
            found.iter().any(|key| key.algorithm().is_symmetric()),
        ) {
            self.no_short_secret(place);
        }
        self.faults.keep(&keys.place, KeySet::new(found))
    }

    fn key(&mut self, parts: KeyParts<'_>, missing: &str) -> Option<Key> {
        let names = ("secret", "secret_file");
        let secret = self.secret(parts.secret, parts.secret_file, names, parts.place);
        match (&secret, parts.public_key_file) {
            (Slot::Absent, Slot::Absent) => {
                self.faults
                    .add(ConfigErrorKind::Empty, parts.place, missing);
                None
            }
            (Slot::Here(secret), Slot::Absent) => self.hmac_key(parts, secret),
            (Slot::Absent, Slot::Here(file)) => {
                if let Some(place) = parts.short {
                    self.no_short_secret(place);
                }
                self.public_key(parts.algorithm, file)
            }
            (Slot::Here(_), Slot::Here(_)) => {
                let message = "both a secret and `public_key_file` are there: keep one of the two";
                self.faults
                    .add(ConfigErrorKind::Conflict, parts.place, message);
                None
            }
            (Slot::Faulty, _) | (_, Slot::Faulty) => None,
        }
    }

    fn hmac_key(&mut self, parts: KeyParts<'_>, secret: &Spot<Secret>) -> Option<Key> {
        let algorithm = match parts.algorithm {
            Slot::Absent => Algorithm::HS256,
            Slot::Faulty => return None,
            Slot::Here(spot) => spot.value,
        };
        if !algorithm.is_symmetric() {
            let message = format!(
                "{algorithm} checks with a public key and not with a secret: write \
                 `public_key_file`, or an algorithm such as HS256"
            );
            self.faults
                .add(ConfigErrorKind::WrongKey, &secret.place, message);
            return None;
        }
        let text = secret.value.expose();
        let key = match parts.short {
            Some(_) => Key::insecure_allow_short_secret(algorithm, text),
            None => Key::hmac(algorithm, text),
        };
        if parts.short.is_some() {
            let place = &parts.place.path;
            self.weak(format!(
                "{place} allows a short secret, which can be guessed from a token"
            ));
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

    fn no_short_secret(&mut self, place: &Place) {
        let message = "a public key has no secret that could be short: leave \
                       `insecure_allow_short_secret` out";
        self.faults.add(ConfigErrorKind::Conflict, place, message);
    }

    fn public_key(&mut self, algorithm: &Slot<Algorithm>, file: &Spot<String>) -> Option<Key> {
        let pem = self.file_text(file, source::LARGEST_KEY);
        let algorithm = match algorithm {
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

    pub(super) fn leeway(&mut self, skew: &Slot<Seconds>) -> Option<Duration> {
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

/// `HS256`, or `2 keys: HS256, RS256`.
fn about(keys: &KeySet) -> String {
    let mut names: Vec<&str> = Vec::new();
    for key in keys.keys() {
        let name = key.algorithm().as_str();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match keys.keys().count() {
        1 => names.join(", "),
        count => format!("{count} keys: {}", names.join(", ")),
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

const LONGEST_SKEW: u64 = 300;
