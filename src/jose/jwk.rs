//! One JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{
    Algorithm, Key,
    json::{Items, Members, Text, Value},
    key::{Curve, KeyFault, Material},
};
use crate::error::{ConfigError, ConfigErrorKind};

/// A JWK whose members were read and whose numbers were not yet decoded.
#[derive(Debug, Default)]
pub(crate) struct Jwk<'a> {
    kid: Option<Value<'a>>,
    usage: Option<Value<'a>>,
    key_ops: Option<Value<'a>>,
    alg: Option<Value<'a>>,
    kty: Option<Value<'a>>,
    crv: Option<Value<'a>>,
    x: Option<Value<'a>>,
    y: Option<Value<'a>>,
    n: Option<Value<'a>>,
    e: Option<Value<'a>>,
    k: Option<Value<'a>>,
    private: bool,
}

impl<'a> Jwk<'a> {
    pub(crate) fn parse(json: &'a str) -> Result<Self, KeyFault> {
        // A file may begin with a byte-order mark.
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let mut jwk = Self::default();
        let mut members = Members::of(json).map_err(|_| KeyFault::BadJson)?;
        while let Some((name, value)) = members.next().map_err(|_| KeyFault::BadJson)? {
            let place = match name.cow().as_ref() {
                "kid" => &mut jwk.kid,
                "use" => &mut jwk.usage,
                "key_ops" => &mut jwk.key_ops,
                "alg" => &mut jwk.alg,
                "kty" => &mut jwk.kty,
                "crv" => &mut jwk.crv,
                "x" => &mut jwk.x,
                "y" => &mut jwk.y,
                "n" => &mut jwk.n,
                "e" => &mut jwk.e,
                "k" => &mut jwk.k,
                "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "priv" => {
                    jwk.private = true;
                    continue;
                }
                _ => continue,
            };
            *place = Some(value);
        }
        Ok(jwk)
    }

    /// The `kid`, where it is a string.
    pub(crate) fn key_id(&self) -> Option<String> {
        text(self.kid).map(|kid| kid.cow().into_owned())
    }

    /// The `alg`, where there is one.
    pub(crate) fn algorithm(&self) -> Result<Option<Algorithm>, KeyFault> {
        match self.alg {
            None => Ok(None),
            Some(Value::Text(name)) => Algorithm::from_name(&name.cow())
                .map(Some)
                .ok_or(KeyFault::UnknownAlgorithm),
            Some(_) => Err(KeyFault::UnknownAlgorithm),
        }
    }

    /// The key for one algorithm. An `oct` key is accepted, since the application gave it.
    pub(crate) fn key(&self, algorithm: Algorithm) -> Result<Key, KeyFault> {
        self.check_purpose()?;
        if self.algorithm()?.is_some_and(|named| named != algorithm) {
            return Err(KeyFault::OtherAlgorithm);
        }
        if self.is_symmetric() {
            let k = required(self.k)?;
            return Key::prepare(
                algorithm,
                &Material::Secret {
                    bytes: &k,
                    short: false,
                },
            );
        }
        self.with_material(|material| Key::prepare(algorithm, material))
    }

    /// The keys of a published JWK: one for each of the `allowed` algorithms that fit it. A private or
    /// symmetric key is an error.
    pub(crate) fn keys(&self, allowed: &[Algorithm]) -> Result<Vec<Key>, KeyFault> {
        self.check_purpose()?;
        if self.is_symmetric() {
            return Err(KeyFault::Symmetric);
        }
        let named = self.algorithm()?;
        self.with_material(|material| {
            let candidates = match &named {
                Some(algorithm) => std::slice::from_ref(algorithm),
                None => material.algorithms(),
            };
            // Every key is prepared, even for an algorithm that is not allowed, so that the log calls a
            // weak key weak.
            let mut keys = Vec::new();
            for algorithm in candidates {
                let key = Key::prepare(*algorithm, material)?;
                if allowed.contains(algorithm) {
                    keys.push(key);
                }
            }
            if keys.is_empty() {
                return Err(KeyFault::OtherAlgorithm);
            }
            Ok(keys)
        })
    }

    /// Checks `kid`, `use` and `key_ops` (RFC 7517 §4.2, §4.3), and that no private member is there.
    fn check_purpose(&self) -> Result<(), KeyFault> {
        if self.kid.is_some() && text(self.kid).is_none() {
            return Err(KeyFault::BadKid);
        }
        if self.private {
            return Err(KeyFault::Private);
        }
        if self.usage.is_some() && !text(self.usage).is_some_and(|usage| usage.is("sig")) {
            return Err(KeyFault::OtherUse);
        }
        match self.key_ops {
            None => Ok(()),
            Some(Value::Array(list)) if holds_verify(list) => Ok(()),
            Some(_) => Err(KeyFault::NoVerifyOp),
        }
    }

    fn is_symmetric(&self) -> bool {
        text(self.kty).is_some_and(|kty| kty.is("oct"))
    }

    fn with_material<T>(
        &self,
        work: impl FnOnce(&Material<'_>) -> Result<T, KeyFault>,
    ) -> Result<T, KeyFault> {
        let kty = text(self.kty).ok_or(KeyFault::UnknownType)?;
        if kty.is("RSA") {
            let (n, e) = (required(self.n)?, required(self.e)?);
            return work(&Material::Rsa {
                n: number(&n),
                e: number(&e),
            });
        }
        let crv = text(self.crv);
        if kty.is("EC") {
            let curve = match crv {
                Some(crv) if crv.is("P-256") => Curve::P256,
                Some(crv) if crv.is("P-384") => Curve::P384,
                Some(crv) if crv.is("P-521") => Curve::P521,
                _ => return Err(KeyFault::UnknownCurve),
            };
            let (x, y) = (required(self.x)?, required(self.y)?);
            let mut point = vec![4];
            append_coordinate(&mut point, &x, curve)?;
            append_coordinate(&mut point, &y, curve)?;
            return work(&Material::Ec {
                curve,
                point: &point,
            });
        }
        if kty.is("OKP") {
            if !crv.is_some_and(|crv| crv.is("Ed25519")) {
                return Err(KeyFault::UnknownCurve);
            }
            let x = required(self.x)?;
            return work(&Material::Ed25519(&x));
        }
        Err(KeyFault::UnknownType)
    }
}

impl Key {
    /// Makes a key from a JWK that names its algorithm in `alg`. Its `kid` becomes the key's id.
    ///
    /// # Errors
    ///
    /// The text is no JWK, has no `alg`, or describes a key that may not verify: a private key, an
    /// encryption key, or a key whose type or strength does not fit.
    pub fn from_jwk(jwk: &str) -> Result<Self, ConfigError> {
        let jwk = Jwk::parse(jwk).map_err(KeyFault::into_jwk_config)?;
        let algorithm = jwk.algorithm().map_err(KeyFault::into_jwk_config)?;
        let algorithm = algorithm.ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                "the JWK names no algorithm: add \"alg\" to it, or use `Key::from_jwk_with`",
            )
        })?;
        Self::of_jwk(&jwk, algorithm)
    }

    /// Makes a key from a JWK, for that algorithm. If the JWK has an `alg`, it must be the same.
    ///
    /// # Errors
    ///
    /// As [`from_jwk`](Self::from_jwk).
    pub fn from_jwk_with(algorithm: Algorithm, jwk: &str) -> Result<Self, ConfigError> {
        let jwk = Jwk::parse(jwk).map_err(KeyFault::into_jwk_config)?;
        Self::of_jwk(&jwk, algorithm)
    }

    fn of_jwk(jwk: &Jwk<'_>, algorithm: Algorithm) -> Result<Self, ConfigError> {
        let key = jwk
            .key(algorithm)
            .map_err(|fault| fault.into_config(algorithm))?;
        Ok(match jwk.key_id() {
            Some(id) => key.with_id(id),
            None => key,
        })
    }
}

fn text(value: Option<Value<'_>>) -> Option<Text<'_>> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// The bytes of a member. They are wiped after use, since those of `k` are a secret.
fn required(value: Option<Value<'_>>) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let text = text(value).ok_or(KeyFault::Malformed)?;
    URL_SAFE_NO_PAD
        .decode(text.cow().as_ref())
        .map(Zeroizing::new)
        .map_err(|_| KeyFault::Malformed)
}

/// A number without leading zeros. RFC 7518 §2 forbids them, and issuers publish them; the size of a
/// number is judged without them.
fn number(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// Writes a coordinate in the full length of the curve, as RFC 7518 §6.2.1.2 asks issuers to.
///
/// A shorter form, or one with a zero in front for the sign, is the same number. The key's preparation
/// checks that the point lies on the curve.
fn append_coordinate(point: &mut Vec<u8>, octets: &[u8], curve: Curve) -> Result<(), KeyFault> {
    let digits = number(octets);
    let missing = curve.size().checked_sub(digits.len());
    let missing = missing.filter(|_| !octets.is_empty());
    let length = point.len() + missing.ok_or(KeyFault::Malformed)?;
    point.resize(length, 0);
    point.extend_from_slice(digits);
    Ok(())
}

fn holds_verify(list: &str) -> bool {
    let Ok(mut items) = Items::of(list) else {
        return false;
    };
    let mut found = false;
    while let Ok(Some(item)) = items.next() {
        match item {
            Value::Text(operation) => found |= operation.is("verify"),
            _ => return false,
        }
    }
    found
}
