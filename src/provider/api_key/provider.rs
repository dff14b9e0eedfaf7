//! The provider of API keys.

use std::{convert::Infallible, fmt, sync::Arc};

use http::{HeaderName, header::AUTHORIZATION};

use super::{
    handle::ApiKeyHandle,
    into_keys::IntoApiKeys,
    keys::SharedKeys,
    record::{ApiKeyRecord, digest, warn_of_short},
    table::{KeyStatus, KeyTable},
};
use crate::{
    clock::Clock,
    error::{AuthError, ConfigError, ConfigErrorKind},
    provider::{AuthProvider, AuthResult, Authentication, PrincipalSource, SourceLabel},
    request::{AuthRequest, CredentialSource},
};

/// Accepts API keys, sent as `X-API-Key: <key>` or `Authorization: Bearer <key>`.
///
/// Keys are hashed with SHA-256 when the provider is built, and no plain key is kept. A request's key
/// is looked up by its digest and confirmed in constant time, so a table of a million keys costs no
/// more than a table of one. The header is read first. `Authorization` is read only where the header
/// is absent or empty, so a wrong key in the header is refused whatever `Authorization` holds.
///
/// The context's user id is the record's name, or the user id of the record
/// ([`ApiKeyRecord::with_user_id`]) where it has one; for a key without a record it is `apikey_` and
/// the first 12 hex digits of its SHA-256. Its method is `api_key`, and its source is the label of the
/// provider ([`with_source`](Self::with_source)), if there is one. The response always says
/// `invalid_credential`; the log tells `api_key_unknown`, `api_key_revoked` and `api_key_expired`
/// apart.
///
/// # Security
///
/// SHA-256 without salt is right for keys that a machine made: 128 bits or more of randomness
/// cannot be guessed from a digest. It is wrong for passwords.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, provider::{ApiKeyAuth, ApiKeyRecord}};
///
/// let keys = ApiKeyAuth::new([
///     ApiKeyRecord::new("frontend", "sk-live-9f")?.with_scopes(["graph:invoke"]),
///     ApiKeyRecord::new("ci", "sk-live-4c")?,
/// ])?;
/// let handle = keys.handle();
/// let layer = AuthLayer::new(keys);
/// handle.revoke("ci")?; // while serving
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// In a header of its own, with records that are kept as digests:
///
/// ```
/// use http::HeaderName;
/// use tower_auth::provider::{ApiKeyAuth, ApiKeyRecord};
///
/// let digest = "cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619";
/// let record = ApiKeyRecord::from_sha256("frontend", digest)?;
/// let keys = ApiKeyAuth::new([record.clone()])?.with_header(HeaderName::from_static("x-agent-key"));
///
/// let handle = keys.handle(); // changes them while serving
/// handle.replace(record.with_revoked(true))?;
/// assert_eq!(handle.names(), ["frontend"]);
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ApiKeyAuth {
    keys: Arc<SharedKeys>,
    sources: Arc<[CredentialSource]>,
    clock: Clock,
}

impl ApiKeyAuth {
    /// Accepts these keys: texts, or [`ApiKeyRecord`]s.
    ///
    /// A key of fewer than 16 characters may be guessed, so the log has a warning with the names of
    /// such keys.
    ///
    /// # Errors
    ///
    /// The list is empty (use [`empty`](Self::empty) for that), a key is empty or blank, or two keys
    /// are equal or have one name.
    pub fn new<Form>(keys: impl IntoApiKeys<Form>) -> Result<Self, ConfigError> {
        let made = Self::of_records(keys.into_api_keys()?.into_iter().map(Ok))?;
        let table = made.keys.load();
        if table.len() == 0 {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "there is no API key: give at least one, made with `openssl rand -base64 32`",
            ));
        }
        warn_of_short(table.iter());
        drop(table);
        Ok(made)
    }

    /// Accepts no key until a [`handle`](Self::handle) adds one: every key is unknown.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::{ApiKeyAuth, ApiKeyRecord};
    ///
    /// let keys = ApiKeyAuth::empty();
    /// keys.handle().add(ApiKeyRecord::new("frontend", "sk-live-9f3a51d8c702")?)?;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn empty() -> Self {
        Self::of(KeyTable::default())
    }

    /// Accepts these keys; the list may be empty. Logs no warning about short keys.
    pub(crate) fn of_records(
        records: impl IntoIterator<Item = Result<ApiKeyRecord, ConfigError>>,
    ) -> Result<Self, ConfigError> {
        KeyTable::of(records).map(Self::of)
    }

    fn of(table: KeyTable) -> Self {
        Self {
            keys: Arc::new(SharedKeys::new(table)),
            sources: sources(HeaderName::from_static("x-api-key")),
            clock: Clock::system(),
        }
    }

    /// Replaces the header that is read first, `X-API-Key` unless set. With `Authorization`, a key
    /// is read there alone, after `Bearer`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName) -> Self {
        self.sources = sources(name);
        self
    }

    /// Replaces every place that is read.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{CredentialSource, provider::ApiKeyAuth};
    ///
    /// let keys = ApiKeyAuth::new(["sk-live-9f"])?
    ///     .with_credentials([CredentialSource::bearer(), CredentialSource::cookie("key")]);
    /// # let _ = keys;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_credentials(mut self, sources: impl IntoIterator<Item = CredentialSource>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// Sets the source of the callers: a label that tells the names of these keys from equal names of
    /// another provider. A layer with two `ApiKeyAuth` needs a label for each.
    ///
    /// The label then holds for every key, clone and handle of this provider. A record with an issuer
    /// ([`ApiKeyRecord::with_issuer`]) has the issuer as its source instead.
    ///
    /// # Errors
    ///
    /// The label is blank, holds a `#`, or begins or ends with white space.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth}};
    ///
    /// let staff = ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-9f")?])?;
    /// let partners = ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-4c")?])?;
    /// let layer = AuthLayer::new(
    ///     CompositeAuth::new(staff.with_source("staff")?).or(partners.with_source("partners")?),
    /// );
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn with_source(self, label: impl Into<String>) -> Result<Self, ConfigError> {
        SourceLabel::own(label).map(|label| self.with_label(label))
    }

    /// Sets the source of the callers, and says that every `ApiKeyAuth` that shares this label
    /// speaks of the same users: an old and a new set of keys, while one replaces the other.
    ///
    /// # Errors
    ///
    /// The label is blank, holds a `#`, or begins or ends with white space.
    pub fn with_shared_source(self, label: impl Into<String>) -> Result<Self, ConfigError> {
        SourceLabel::shared(label).map(|label| self.with_label(label))
    }

    fn with_label(self, label: SourceLabel) -> Self {
        let Ok(()) = self
            .keys
            .change::<Infallible>(|table| Ok(table.labelled(Some(label))));
        self
    }

    /// Replaces the clock that expiry is read from.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// A handle that changes the keys while serving.
    pub fn handle(&self) -> ApiKeyHandle {
        ApiKeyHandle::new(Arc::clone(&self.keys))
    }

    fn judge(&self, request: &AuthRequest<'_>) -> AuthResult {
        let Some(shown) = request.credential(&self.sources)? else {
            return Ok(None);
        };
        let keys = self.keys.load();
        let refused = AuthError::invalid_credential;
        match keys.find(&digest(shown.as_bytes()), &self.clock) {
            KeyStatus::Valid(context) => Ok(Some(context.clone().timed_by(&self.clock))),
            KeyStatus::Unknown => Err(refused("api_key_unknown")),
            KeyStatus::Revoked(name) => Err(refused("api_key_revoked").with_key_name(name)),
            KeyStatus::Expired(name) => Err(refused("api_key_expired").with_key_name(name)),
        }
    }
}

impl AuthProvider for ApiKeyAuth {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        self.judge(request).into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    fn name(&self) -> &'static str {
        NAME
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let table = self.keys.load();
        let own = PrincipalSource::of_labelled(NAME, table.label(), &*self.keys);
        let issuers = table.issuers().into_iter();
        [own]
            .into_iter()
            .chain(issuers.map(|issuer| PrincipalSource::of_issuer(NAME, issuer)))
            .collect()
    }
}

impl fmt::Debug for ApiKeyAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyAuth")
            .field("keys", &self.keys.load().len())
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

fn sources(header: HeaderName) -> Arc<[CredentialSource]> {
    if header == AUTHORIZATION {
        return Arc::new([CredentialSource::bearer()]);
    }
    Arc::new([
        CredentialSource::header(header),
        CredentialSource::bearer().fallback(),
    ])
}

const NAME: &str = "api_key";
