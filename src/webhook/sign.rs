//! Signs deliveries of your own.

use std::fmt;

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    read,
    scheme::{hmac::HmacScheme, standard},
    verify::{self, Key, Scheme},
};
use crate::{
    clock::Clock,
    error::{ConfigError, ConfigErrorKind},
    secret::Secret,
};

/// Signs deliveries that you send.
///
/// Sign each attempt again: the time is part of the signed text. The id stays equal, so that the
/// receiver recognizes a retry.
///
/// # Example
///
/// ```
/// use tower_auth::webhook::WebhookSigner;
///
/// let signer = WebhookSigner::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let headers = signer.sign("msg_1", br#"{"type":"invoice.paid"}"#)?;
/// assert_eq!(headers["webhook-id"], "msg_1");
/// assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// During a rotation both secrets sign; public keys are for receivers of Ed25519:
///
/// ```
/// use tower_auth::webhook::WebhookSigner;
///
/// let signer = WebhookSigner::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?
///     .add_secret("whsec_plJ3nmyCDGBKInavdOK15jsl2B0rVxRO")?;
/// assert_eq!(signer.public_keys().count(), 0);
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub struct WebhookSigner {
    form: SignatureForm,
    keys: Vec<SigningKey>,
    clock: Clock,
}

enum SignatureForm {
    Standard,
    Hmac(Box<HmacScheme>),
}

enum SigningKey {
    Hmac(Box<hmac::Key>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl WebhookSigner {
    /// Signs as Standard Webhooks: with a shared secret (`whsec_…`), or a private key (`whsk_…`: an
    /// Ed25519 seed of 32 bytes, or the seed and the public key).
    ///
    /// # Errors
    ///
    /// The secret is blank, not base64, too short, or a public key.
    pub fn standard(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Ok(Self {
            keys: vec![standard_key(secret.into().expose())?],
            form: SignatureForm::Standard,
            clock: Clock::system(),
        })
    }

    /// Signs by the scheme that you agreed on with a partner.
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn hmac(scheme: HmacScheme, secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        let Key::Hmac(key) = scheme.key(secret.into().expose())? else {
            return Err(verify::blank());
        };
        Ok(Self {
            keys: vec![SigningKey::Hmac(key)],
            form: SignatureForm::Hmac(Box::new(scheme)),
            clock: Clock::system(),
        })
    }

    /// Adds a secret to sign with too, during a rotation.
    ///
    /// # Errors
    ///
    /// The constructor would refuse the secret; or the scheme has room for one signature
    /// only.
    pub fn add_secret(mut self, secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        if let SignatureForm::Hmac(_) = self.form {
            return Err(ConfigError::new(
                ConfigErrorKind::Unsupported,
                "a header of this scheme holds one signature: let the receiver accept both secrets \
                 while one is replaced",
            ));
        }
        self.keys.push(standard_key(secret.into().expose())?);
        Ok(self)
    }

    /// Replaces the clock that the signed time is read from.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The headers for a delivery: id, time and signature, those that the scheme has.
    ///
    /// # Errors
    ///
    /// The id is empty, or holds a full stop or a character outside visible ASCII.
    pub fn sign(&self, id: &str, body: &[u8]) -> Result<HeaderMap, ConfigError> {
        if !standard::is_id(id) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!("{id:?} cannot be the id of a delivery: use visible ASCII, no full stop"),
            ));
        }
        let time = self.clock.now().to_string();
        let mut headers = HeaderMap::new();
        let standard = standard::STANDARD;
        let (id_name, time_name, signature_name) = match &self.form {
            SignatureForm::Standard => {
                let [id, time, signature] = &standard;
                (Some(id), Some(time), signature)
            }
            SignatureForm::Hmac(scheme) => (
                scheme.id.as_ref(),
                scheme.timestamp.as_ref(),
                &scheme.signature,
            ),
        };
        let mut signed = Vec::with_capacity(id.len() + time.len() + body.len() + 2);
        for (name, value) in [(id_name, id), (time_name, &time)] {
            if let Some(name) = name {
                signed.extend_from_slice(value.as_bytes());
                signed.push(b'.');
                add(&mut headers, name, value)?;
            }
        }
        signed.extend_from_slice(body);
        let signatures: Vec<String> = self
            .keys
            .iter()
            .map(|key| self.seal(key, &signed))
            .collect();
        add(&mut headers, signature_name, &signatures.join(" "))?;
        Ok(headers)
    }

    /// The public key of each private one, in the form for receivers (`whpk_…`).
    pub fn public_keys(&self) -> impl Iterator<Item = String> {
        self.keys.iter().filter_map(|key| match key {
            SigningKey::Hmac(_) => None,
            SigningKey::Ed25519(pair) => {
                let key = read::to_base64(pair.public_key().as_ref());
                Some(format!("whpk_{key}"))
            }
        })
    }

    fn seal(&self, key: &SigningKey, signed: &[u8]) -> String {
        match (key, &self.form) {
            (SigningKey::Hmac(key), SignatureForm::Hmac(scheme)) => {
                scheme.write(hmac::sign(key, signed).as_ref())
            }
            (SigningKey::Hmac(key), SignatureForm::Standard) => {
                format!("v1,{}", read::to_base64(hmac::sign(key, signed).as_ref()))
            }
            (SigningKey::Ed25519(pair), _) => {
                format!("v1a,{}", read::to_base64(pair.sign(signed).as_ref()))
            }
        }
    }
}

impl fmt::Debug for WebhookSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme: &dyn fmt::Debug = match &self.form {
            SignatureForm::Standard => &"standard_webhooks",
            SignatureForm::Hmac(scheme) => scheme,
        };
        f.debug_struct("WebhookSigner")
            .field("scheme", scheme)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

fn standard_key(secret: &str) -> Result<SigningKey, ConfigError> {
    if secret.starts_with("whpk_") {
        return Err(ConfigError::new(
            ConfigErrorKind::WrongKey,
            "deliveries are signed with the private key (whsk_…): a public one (whpk_…) is for \
             those who receive them",
        ));
    }
    let Some(text) = secret.strip_prefix("whsk_") else {
        let bytes = standard::secret_bytes(secret)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        return Ok(SigningKey::Hmac(Box::new(key)));
    };
    let bytes = read::base64(text).unwrap_or_default();
    let pair = match bytes.split_at_checked(SEED_LEN) {
        Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed).ok(),
        Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public).ok(),
        None => None,
    };
    pair.map(|pair| SigningKey::Ed25519(Box::new(pair)))
        .ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                "the private key of a webhook is not whsk_ and the base64 of an Ed25519 seed",
            )
        })
}

fn add(headers: &mut HeaderMap, name: &HeaderName, value: &str) -> Result<(), ConfigError> {
    let value = HeaderValue::try_from(value).map_err(|_| {
        ConfigError::new(
            ConfigErrorKind::Malformed,
            "what would be signed cannot stand in a header",
        )
    })?;
    headers.insert(name.clone(), value);
    Ok(())
}

const SEED_LEN: usize = 32;
