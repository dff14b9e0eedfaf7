//! Tokens that are checked with keys of the file's or of the environment's.

use std::sync::Arc;

use super::{
    assembly::{Assembly, Provider, ProviderBlock},
    claims::with_jwt_rules,
};
use crate::{
    config::{
        fault::Place,
        read::{Filled, Located, OneOf, Slot, Which},
        shape::{
            agent::Tokens,
            tokens::{FixedKey, Jwt, JwtKey},
        },
        source,
    },
    error::{ConfigError, ConfigErrorKind},
    jose::{Algorithm, Key, KeySet},
    provider::JwtAuth,
    secret::Secret,
};

/// Where a key stands in the file.
#[derive(Clone, Copy)]
struct KeyPlace<'a> {
    block: &'a Place,
    /// The member that lets the secret be short, where it is true.
    short: Option<&'a Place>,
    /// What to add where no key is there.
    missing: &'static str,
}

impl ProviderBlock for Jwt {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        let keys = assembly.keys(self, place);
        let is_right = assembly.check_jwt_rules(&self.rules, place);
        let keys = keys.filter(|_| is_right)?;
        let about = about(&keys);
        let mut provider = JwtAuth::new(keys);
        if let Some(audiences) = self.audience.value() {
            provider = provider.with_audiences(&audiences.0);
        } else if let Some(resource) = &assembly.resource {
            provider = provider.with_audience(resource);
        }
        if let Some(issuer) = self.issuer.value() {
            provider = provider.with_issuer(issuer);
        }
        provider = assembly
            .faults
            .keep(place, with_jwt_rules!(provider, &self.rules))?;
        if let Some(source) = self.source.present() {
            let labelled = provider.with_source(&source.value);
            provider = assembly.faults.keep(&source.place, labelled)?;
        }
        if self.insecure_allow_missing_exp.is_true() {
            provider = provider.insecure_allow_missing_exp();
            assembly.weak("auth.jwt accepts tokens without exp, which never expire");
        }
        Some(assembly.finish_jwt(provider, about))
    }
}

impl Assembly<'_> {
    pub(super) fn agent_tokens(&mut self, tokens: &Tokens) -> Option<Provider> {
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

    fn finish_jwt(&mut self, provider: JwtAuth, about: String) -> Provider {
        self.summary.providers.push(format!("jwt ({about})"));
        Arc::new(match &self.config.clock {
            Some(clock) => provider.with_clock(clock.clone()),
            None => provider,
        })
    }

    /// The one key that the block describes, or those in its list.
    fn keys(&mut self, jwt: &Jwt, place: &Place) -> Option<KeySet> {
        let short = jwt.insecure_allow_short_secret.present();
        let short = short
            .filter(|located| located.value)
            .map(|located| &located.place);
        let keys = match &jwt.keys {
            Slot::Absent => {
                let place = KeyPlace {
                    block: place,
                    short,
                    missing: "no key is there: add `secret`, `secret_file`, `public_key_file` or \
                              `keys`",
                };
                return self.key(&jwt.key, place).map(KeySet::from);
            }
            Slot::Faulty => return None,
            Slot::Present(keys) => keys,
        };
        let is_alone = jwt.key.is_absent();
        if !is_alone {
            let message = "beside `keys` stands a key or an algorithm of the whole block: write \
                           each of them in an item of `keys`";
            self.conflict(&keys.place, message);
        }
        self.listed_keys(keys, short).filter(|_| is_alone)
    }

    fn listed_keys(
        &mut self,
        keys: &Located<Filled<JwtKey>>,
        short: Option<&Place>,
    ) -> Option<KeySet> {
        let Filled(entries) = &keys.value;
        let before = self.faults.len();
        let mut found: Vec<Key> = Vec::with_capacity(entries.len());
        for located in entries {
            let item = &located.value;
            let has_secret = !item.key.secret.is_absent() || !item.key.secret_file.is_absent();
            let place = KeyPlace {
                block: &located.place,
                // Whether there is a secret at all, only the whole list tells.
                short: short.filter(|_| has_secret),
                missing: "the item has no key: add `secret`, `secret_file` or `public_key_file`",
            };
            let made = self.key(&item.key, place);
            let (Some(made), Slot::Present(kid)) = (made, &item.kid) else {
                continue;
            };
            if found.iter().any(|other| other.id() == Some(&kid.value)) {
                let message = "another key has this `kid`: give each its own";
                self.duplicate(&kid.place, message);
            }
            found.push(made.with_id(kid.value.as_str()));
        }
        if self.faults.len() > before || found.len() < entries.len() {
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

    fn key(&mut self, key: &FixedKey, place: KeyPlace<'_>) -> Option<Key> {
        let secret = self.secret(OneOf {
            first: &key.secret,
            second: &key.secret_file,
            names: ["`secret`", "`secret_file`"],
            place: place.block,
        });
        let secret_or_public = OneOf {
            first: &secret,
            second: &key.public_key_file,
            names: ["a secret", "`public_key_file`"],
            place: place.block,
        };
        match secret_or_public.find(&mut self.faults) {
            Which::First(secret) => self.hmac_key(&key.algorithm, secret, place),
            Which::Second(file) => {
                if let Some(place) = place.short {
                    self.no_short_secret(place);
                }
                self.public_key(&key.algorithm, file)
            }
            Which::Neither => {
                self.faults
                    .add(ConfigErrorKind::Empty, place.block, place.missing);
                None
            }
            Which::Faulty => None,
        }
    }

    fn hmac_key(
        &mut self,
        algorithm: &Slot<Algorithm>,
        secret: &Located<Secret>,
        place: KeyPlace<'_>,
    ) -> Option<Key> {
        let algorithm = match algorithm {
            Slot::Absent => Algorithm::HS256,
            Slot::Faulty => return None,
            Slot::Present(located) => located.value,
        };
        if !algorithm.is_symmetric() {
            let message = format!(
                "{algorithm} checks with a public key and not with a secret: write \
                 `public_key_file`, or an algorithm such as HS256"
            );
            self.wrong_key(&secret.place, message);
            return None;
        }
        let text = secret.value.expose();
        let key = match place.short {
            Some(_) => Key::insecure_allow_short_secret(algorithm, text),
            None => Key::hmac(algorithm, text),
        };
        if place.short.is_some() {
            let place = &place.block.path;
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
        self.conflict(place, message);
    }

    fn public_key(&mut self, algorithm: &Slot<Algorithm>, file: &Located<String>) -> Option<Key> {
        let pem = self.file_text(file, source::LARGEST_KEY);
        let is_pem = |pem: &Secret| pem.expose().contains("-----BEGIN ");
        if pem.as_ref().is_some_and(|pem| !is_pem(pem)) {
            let message = "the file holds no PEM public key: one begins with \
                           `-----BEGIN PUBLIC KEY-----`";
            self.malformed(&file.place, message);
        }
        let algorithm = match algorithm {
            Slot::Faulty => return None,
            Slot::Present(located) => located,
            Slot::Absent => {
                let message = "the algorithm of the public key is missing: add `algorithm`, such \
                               as RS256 or ES256";
                self.missing(&file.place, message);
                return None;
            }
        };
        if algorithm.value.is_symmetric() {
            let message = format!(
                "{} checks with a secret and not with a public key: write the key's own \
                 algorithm, such as RS256 or ES256",
                algorithm.value
            );
            self.wrong_key(&algorithm.place, message);
            return None;
        }
        let pem = pem.filter(is_pem)?;
        let key = Key::from_pem(algorithm.value, pem.expose());
        self.faults.keep(&file.place, key)
    }
}

impl FixedKey {
    /// Whether nothing of a key is there.
    fn is_absent(&self) -> bool {
        self.secret.is_absent()
            && self.secret_file.is_absent()
            && self.public_key_file.is_absent()
            && self.algorithm.is_absent()
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
