//! HMAC by agreement with a partner.

use std::time::Duration;

use aws_lc_rs::hmac;
use http::HeaderName;

use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    hex,
    webhook::{
        read,
        verify::{Head, IdentifiedBy, Key, Scheme, Signature, Unverified},
    },
};

/// The signature scheme of a partner of yours: HMAC over the body, with a time and an id before it if
/// you agree on them.
///
/// Unless set otherwise: HMAC-SHA256, lower-case hexadecimal, no prefix, the body alone. The signed
/// text is `{id}.{time}.{body}`, without the parts that are not named.
///
/// # Security
///
/// Name a header for the time, or a recorded delivery is valid until the store forgets it.
///
/// # Example
///
/// ```
/// use tower_auth::webhook::{HmacScheme, SignatureEncoding, WebhookLayer, WebhookSigner};
///
/// let partner = HmacScheme::new("x-acme-signature")?
///     .with_encoding(SignatureEncoding::Base64)
///     .with_prefix("v1=")?
///     .with_timestamp("x-acme-time")?
///     .with_id("x-acme-id")?;
/// let layer = WebhookLayer::hmac(partner.clone(), "a secret you share")?;
/// let signer = WebhookSigner::hmac(partner, "a secret you share")?;
/// let headers = signer.sign("order-17", br#"{"paid":true}"#)?;
/// assert!(headers["x-acme-signature"].to_str().unwrap().starts_with("v1="));
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// For a partner who signs with SHA-512 and names deliveries in a header that nobody signs:
///
/// ```
/// use std::time::Duration;
///
/// use tower_auth::webhook::{HmacAlgorithm, HmacScheme};
///
/// let partner = HmacScheme::new("x-acme-signature")?
///     .with_algorithm(HmacAlgorithm::Sha512)
///     .with_leeway(Duration::from_secs(60))?
///     .with_unsigned_id("x-acme-delivery")?;
/// # let _ = partner;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HmacScheme {
    pub(in crate::webhook) algorithm: HmacAlgorithm,
    pub(in crate::webhook) encoding: SignatureEncoding,
    pub(in crate::webhook) signature: HeaderName,
    pub(in crate::webhook) prefix: Box<str>,
    pub(in crate::webhook) timestamp: Option<HeaderName>,
    pub(in crate::webhook) id: Option<HeaderName>,
    unsigned_id: Option<HeaderName>,
    leeway: u64,
}

/// The hash of an [`HmacScheme`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HmacAlgorithm {
    /// HMAC-SHA256.
    #[default]
    Sha256,
    /// HMAC-SHA384.
    Sha384,
    /// HMAC-SHA512.
    Sha512,
}

/// The form in which an [`HmacScheme`] writes a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// Lower-case hexadecimal.
    #[default]
    Hex,
    /// Base64 with its padding.
    Base64,
}

impl HmacScheme {
    /// Makes a scheme whose signature is in that header.
    ///
    /// # Errors
    ///
    /// The text is no header name.
    pub fn new(signature: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            algorithm: HmacAlgorithm::default(),
            encoding: SignatureEncoding::default(),
            signature: header(signature)?,
            prefix: "".into(),
            timestamp: None,
            id: None,
            unsigned_id: None,
            leeway: super::LEEWAY,
        })
    }

    /// Replaces the hash.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: HmacAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Replaces the encoding of the signature.
    #[must_use]
    pub fn with_encoding(mut self, encoding: SignatureEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Replaces the text before the signature in its header (`sha256=`).
    ///
    /// # Errors
    ///
    /// The prefix holds a character outside visible ASCII.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, ConfigError> {
        if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "the prefix of a signature holds something else than visible ASCII: write what \
                 stands right before the signature, `sha256=` for example",
            ));
        }
        self.prefix = prefix.into();
        Ok(self)
    }

    /// Replaces the header that holds the time, in seconds since the epoch, and signs it.
    ///
    /// # Errors
    ///
    /// The text is no header name, or the header is used already.
    pub fn with_timestamp(mut self, name: &str) -> Result<Self, ConfigError> {
        self.timestamp = Some(self.unused(name)?);
        Ok(self)
    }

    /// Replaces the header that holds the delivery's id, and signs it: a retry is then known by it.
    ///
    /// # Errors
    ///
    /// The text is no header name, or the header is used already; or the scheme has an unsigned id.
    pub fn with_id(mut self, name: &str) -> Result<Self, ConfigError> {
        self.id = Some(self.unused(name)?);
        self.with_one_id()
    }

    /// Replaces the header that holds the delivery's id, where your partner sends one and does not
    /// sign it.
    ///
    /// Without an id, signed or not, deliveries with equal signed bytes are one delivery, and genuine
    /// ones with equal bodies are lost. With this id, an equal body under another id is handled as
    /// often as [`with_equal_bodies`](crate::webhook::WebhookLayer::with_equal_bodies) allows. A
    /// signed id is better: [`with_id`](Self::with_id).
    ///
    /// # Errors
    ///
    /// The text is no header name, or the header is used already; or the scheme has a signed id.
    pub fn with_unsigned_id(mut self, name: &str) -> Result<Self, ConfigError> {
        self.unsigned_id = Some(self.unused(name)?);
        self.with_one_id()
    }

    /// Replaces how far the clocks may differ: how long ago, and how far in the future, a signed time
    /// may be. 5 minutes unless set, and at most; whole seconds count.
    ///
    /// # Errors
    ///
    /// It is more than 5 minutes.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        if leeway > Duration::from_secs(super::LEEWAY) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "the leeway of a signed time is more than 300 seconds: set a smaller one, and the \
                 clocks right",
            ));
        }
        self.leeway = leeway.as_secs();
        Ok(self)
    }

    fn unused(&self, name: &str) -> Result<HeaderName, ConfigError> {
        let name = header(name)?;
        let used = [
            Some(&self.signature),
            self.timestamp.as_ref(),
            self.id.as_ref(),
            self.unsigned_id.as_ref(),
        ];
        if used.contains(&Some(&name)) {
            return Err(ConfigError::new(
                ConfigErrorKind::Duplicate,
                format!("a signing scheme names the header {name} twice: give each value its own"),
            ));
        }
        Ok(name)
    }

    fn with_one_id(self) -> Result<Self, ConfigError> {
        if self.id.is_some() && self.unsigned_id.is_some() {
            return Err(ConfigError::new(
                ConfigErrorKind::Conflict,
                "a signing scheme has an id that is signed and one that is not: name the one that \
                 is signed",
            ));
        }
        Ok(self)
    }

    pub(in crate::webhook) fn hash(&self) -> hmac::Algorithm {
        match self.algorithm {
            HmacAlgorithm::Sha256 => hmac::HMAC_SHA256,
            HmacAlgorithm::Sha384 => hmac::HMAC_SHA384,
            HmacAlgorithm::Sha512 => hmac::HMAC_SHA512,
        }
    }

    pub(in crate::webhook) fn write(&self, tag: &[u8]) -> String {
        let tag = match self.encoding {
            SignatureEncoding::Hex => hex::encode(tag),
            SignatureEncoding::Base64 => read::to_base64(tag),
        };
        format!("{}{tag}", self.prefix)
    }

    fn read(&self, text: &str) -> Option<Vec<u8>> {
        let text = text.strip_prefix(&*self.prefix)?;
        match self.encoding {
            SignatureEncoding::Hex => read::hex(text),
            SignatureEncoding::Base64 => read::base64(text),
        }
    }
}

impl Scheme for HmacScheme {
    fn name(&self) -> &'static str {
        "hmac"
    }

    fn key(&self, secret: &str) -> Result<Key, ConfigError> {
        Key::hmac(self.hash(), secret.as_bytes())
    }

    fn unverified<'a>(&self, head: &Head<'a>) -> Result<Unverified<'a>, AuthError> {
        let signature = read::required(head.headers, &self.signature)?;
        let mac = self.read(signature).ok_or_else(read::malformed)?;
        let mut before = Vec::with_capacity(4);
        let (mut time, mut identified_by) = (None, IdentifiedBy::Signed);
        if let Some(name) = &self.id {
            let id = read::required(head.headers, name)?;
            // With the separator in an id, two deliveries could have equal signed bytes.
            if !super::standard::is_id(id) {
                return Err(read::malformed());
            }
            before.extend([id.as_bytes().into(), b".".into()]);
            identified_by = IdentifiedBy::Id(id);
        }
        if let Some(name) = &self.timestamp {
            let text = read::required(head.headers, name)?;
            time = Some(read::time(text).ok_or_else(read::malformed)?);
            before.extend([text.as_bytes().into(), b".".into()]);
        }
        Ok(Unverified {
            before,
            signatures: vec![Signature::Mac(mac)],
            time,
            identified_by,
        })
    }

    fn unsigned_ids(&self) -> &[HeaderName] {
        self.unsigned_id.as_slice()
    }

    fn leeway(&self) -> Option<u64> {
        self.timestamp.is_some().then_some(self.leeway)
    }
}

fn header(name: &str) -> Result<HeaderName, ConfigError> {
    name.parse().map_err(|_| {
        ConfigError::new(
            ConfigErrorKind::Malformed,
            format!("{name:?} is no header name: use letters, digits and hyphens"),
        )
    })
}
