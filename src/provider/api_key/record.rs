//! One API key and the caller that it stands for.

use std::{fmt, sync::LazyLock, time::SystemTime};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    clock::Clock,
    context::AuthContext,
    error::{ConfigError, ConfigErrorKind},
    hex,
    log::{Clean, TARGET},
    provider::SourceLabel,
    scope::Scopes,
    secret::{self, Secret},
};

/// An API key, kept as its SHA-256, and the caller that it stands for.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_auth::provider::ApiKeyRecord;
///
/// let record = ApiKeyRecord::new("frontend", "sk-live-9f")?
///     .with_scopes(["graph:invoke"])
///     .with_expires_at(SystemTime::now() + Duration::from_secs(86_400));
/// assert_eq!(record.name(), "frontend");
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ApiKeyRecord {
    pub(crate) digest: [u8; 32],
    pub(super) context: AuthContext,
    pub(super) revoked: bool,
    /// Whether the plain key was given and is short.
    is_short: bool,
}

impl ApiKeyRecord {
    /// A key with fewer characters may be guessed: 16 are 64 bits where they are hex digits.
    pub(crate) const MIN_SAFE_LEN: usize = 16;

    /// A record of that name for a plain key, which is hashed now and wiped.
    ///
    /// The scopes are `*`, everything, unless set.
    ///
    /// # Errors
    ///
    /// The name or the key is empty or blank, or the key could not be sent in a header.
    pub fn new(name: impl Into<String>, key: impl Into<Secret>) -> Result<Self, ConfigError> {
        let key = key.into();
        let text = key.expose();
        if text.trim().is_empty() {
            return Err(blank_key());
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "an API key begins or ends with white space or holds a control character, which \
                 no HTTP header can carry: write the key alone",
            ));
        }
        let mut record = Self::of(name.into(), digest(text.as_bytes()))?;
        record.is_short = text.chars().take(Self::MIN_SAFE_LEN).count() < Self::MIN_SAFE_LEN;
        Ok(record)
    }

    /// A record of that name for a key whose SHA-256 is given as 64 hex digits, so that the key
    /// itself need not be known here: `printf %s "$KEY" | sha256sum`.
    ///
    /// # Errors
    ///
    /// The name is blank, the text is not 64 hex digits, or it is the digest of an empty key.
    pub fn from_sha256(name: impl Into<String>, digest: &str) -> Result<Self, ConfigError> {
        let digest = hex::decode(digest).and_then(|bytes| bytes.try_into().ok());
        let digest: [u8; 32] = digest.ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                "the SHA-256 of an API key is not 64 hex digits: make it with \
                 `printf %s \"$KEY\" | sha256sum`",
            )
        })?;
        if secret::equal(&digest, &self::digest(b"")) {
            return Err(blank_key());
        }
        Self::of(name.into(), digest)
    }

    fn bare(key: Secret) -> Result<Self, ConfigError> {
        let record = Self::new("bare", key)?;
        let [a, b, c, d, e, f, ..] = record.digest;
        // `concat` allocates the exact length; a text that grew would keep unused capacity, once per
        // key.
        let name = ["apikey_", &hex::encode(&[a, b, c, d, e, f])].concat();
        Ok(Self {
            is_short: record.is_short,
            ..Self::of(name, record.digest)?
        })
    }

    fn of(name: String, digest: [u8; 32]) -> Result<Self, ConfigError> {
        if name.trim().is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                "the name of an API key is blank: it becomes the caller's user id, so give it one",
            ));
        }
        Ok(Self {
            digest,
            context: AuthContext::new(name)
                .with_method("api_key")
                .with_scope_set(all_scopes()),
            revoked: false,
            is_short: false,
        })
    }

    /// Replaces the caller's user id, which is the record's name unless set: two keys are one caller
    /// while one replaces the other.
    ///
    /// The log shows the name beside the user id, and the handle finds the key by its name, which is
    /// unique. A blank user id is an error when the record is added to a provider.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::{ApiKeyAuth, ApiKeyRecord};
    ///
    /// let keys = ApiKeyAuth::new([
    ///     ApiKeyRecord::new("frontend", "sk-live-9f3a51d8c702")?,
    ///     ApiKeyRecord::new("frontend-2027", "sk-live-4cb7e0925d16")?.with_user_id("frontend"),
    /// ])?;
    /// keys.handle().remove("frontend")?; // once nobody uses it any more
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_user_id(mut self, user_id: impl Into<String>) -> Self {
        self.context = self.context.with_key_user_id(user_id.into());
        self
    }

    /// Replaces the scopes, `*` unless set; an empty list grants nothing.
    #[must_use]
    pub fn with_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.context = self.context.with_scopes(scopes);
        self
    }

    /// Replaces the time, in whole seconds, from which the key is refused.
    #[must_use]
    pub fn with_expires_at(mut self, time: SystemTime) -> Self {
        self.context = self.context.with_expires_at(time);
        self
    }

    /// Sets whether the key is revoked.
    #[must_use]
    pub fn with_revoked(mut self, revoked: bool) -> Self {
        self.revoked = revoked;
        self
    }

    /// Replaces the issuer of the key. It becomes the source in the caller's principal, instead of the
    /// provider's label ([`ApiKeyAuth::with_source`](super::ApiKeyAuth::with_source)).
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.context = self.context.with_issuer(issuer);
        self
    }

    /// Adds an entry to the context's metadata: a tenant, or `roles`, which
    /// [`by_role`](crate::authorize::by_role) reads.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::ApiKeyRecord;
    ///
    /// let record = ApiKeyRecord::new("frontend", "sk-live-9f3a51d8c702")?
    ///     .with_metadata("roles", vec!["editor"])
    ///     .with_metadata("tenant", "acme");
    /// # let _ = record;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.context = self.context.with_claim(name, value);
        self
    }

    /// The record with the label as its source, unless it names an issuer.
    pub(super) fn labelled(mut self, label: Option<&SourceLabel>) -> Self {
        if self.context.issuer().is_none() {
            self.context = self.context.with_label(label.map(SourceLabel::text));
        }
        self
    }

    pub(super) fn is_expired(&self, clock: &Clock) -> bool {
        self.context
            .expires_at_unix()
            .is_some_and(|at| clock.now() >= at)
    }

    /// Whether the plain key was given and has so few characters that it may be guessed.
    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }

    /// The name. It is the caller's user id too, unless [`with_user_id`](Self::with_user_id) sets
    /// another.
    pub fn name(&self) -> &str {
        self.context.key_name().unwrap_or(self.context.user_id())
    }

    /// The caller's user id.
    pub fn user_id(&self) -> &str {
        self.context.user_id()
    }
}

impl TryFrom<Secret> for ApiKeyRecord {
    type Error = ConfigError;

    fn try_from(key: Secret) -> Result<Self, ConfigError> {
        Self::bare(key)
    }
}

impl TryFrom<String> for ApiKeyRecord {
    type Error = ConfigError;

    /// Takes the key over and wipes it.
    fn try_from(key: String) -> Result<Self, ConfigError> {
        Self::bare(key.into())
    }
}

impl TryFrom<&str> for ApiKeyRecord {
    type Error = ConfigError;

    fn try_from(key: &str) -> Result<Self, ConfigError> {
        Self::bare(key.into())
    }
}

impl TryFrom<&String> for ApiKeyRecord {
    type Error = ConfigError;

    fn try_from(key: &String) -> Result<Self, ConfigError> {
        Self::bare(key.into())
    }
}

impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("name", &self.name())
            .field("user_id", &self.user_id())
            .field("scopes", &self.context.scopes().to_string())
            .field("expires_at", &self.context.expires_at())
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

/// Logs one warning with the names of the keys that may be guessed, at most [`MAX_NAMES`].
pub(super) fn warn_of_short<'r>(records: impl IntoIterator<Item = &'r ApiKeyRecord>) {
    let short = records.into_iter().filter(|record| record.is_short());
    let names: Vec<&str> = short.map(ApiKeyRecord::name).collect();
    if names.is_empty() {
        return;
    }
    let shown: Vec<String> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| Clean(name).to_string())
        .collect();
    tracing::warn!(
        target: TARGET,
        provider = "api_key",
        count = names.len(),
        keys = %shown.join(", "),
        "an API key has fewer than {} characters and may be guessed: make a new one with \
         `openssl rand -base64 32`",
        ApiKeyRecord::MIN_SAFE_LEN,
    );
}

/// The SHA-256 of a key. The table holds it instead of the key, so there is nothing to wipe.
pub(super) fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// The scope `*`, which all records share until they get scopes of their own.
fn all_scopes() -> Scopes {
    static ALL: LazyLock<Scopes> = LazyLock::new(|| Scopes::new(["*"]));
    ALL.clone()
}

fn blank_key() -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Blank,
        "an API key is blank: make one with `openssl rand -base64 32`, or leave the entry out",
    )
}

/// The maximum number of names in one log line.
const MAX_NAMES: usize = 16;
