//! The provider.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderName, header::AUTHORIZATION};

use super::{
    KeyAdmin, KeyDigest, KeyFormat, KeyStore, KeyStoreError, Timestamp,
    authority::Authority,
    backend::Backend,
    format::has_checksum,
    held::{Known, NAME},
    question::Question,
    settings::Settings,
};
use crate::{
    clock::Clock,
    context::AuthContext,
    error::{AuthError, ConfigError},
    polling::{Polled, Trust, opened, refreshed, start},
    provider::{AuthProvider, Authentication, PrincipalSource, SourceLabel},
    request::{AuthRequest, CredentialSource},
};

/// Accepts the keys of a [`KeyStore`], and administers them.
///
/// Keys are sent as `X-API-Key: <key>` or `Authorization: Bearer <key>`, as with
/// [`ApiKeyAuth`](crate::provider::ApiKeyAuth). The provider looks up only texts of the store's own
/// form ([`KeyFormat`]), so other tokens in a chain cost nothing here.
///
/// No request reads the store: each process keeps the digests of all keys ([up to a
/// million](Self::with_max_known)) and asks for changes every 250 ms. A change by this process holds at once, a change by another process within a second. While
/// the store cannot be asked, known keys are accepted for [60 seconds](Self::with_stale_limit) more
/// and others are a 503. A key with credits is the exception: the layer takes one credit from the
/// store for each request.
///
/// The constructor reads nothing; the first request, or [`open`](Self::open), starts to read. It needs
/// a Tokio runtime. Clones share one memory.
///
/// # Example
///
/// ```
/// use tower_auth::{
///     AuthLayer,
///     keys::{KeyRequest, ManagedKeys, MemoryKeyStore},
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
/// keys.open().await?;
/// let made = keys
///     .as_operator("ada")
///     .create(KeyRequest::new("ci").with_scopes(["graph:invoke"]))
///     .await?;
/// let secret = made.secret().expect("it is shown once");
/// assert!(secret.expose().starts_with("sk_live_"));
/// let layer = AuthLayer::new(keys);
/// # let _ = layer;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::keys::{ManagedKeys, MemoryKeyStore};
///
/// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?
///     .with_stale_limit(Duration::from_secs(10))
///     .with_max_lifetime(Duration::from_secs(90 * 24 * 60 * 60))
///     .with_max_known(250_000)
///     .add_owner_method("sessions")
///     .add_free_metadata("team");
/// assert_eq!(keys.prefix(), "sk_live");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ManagedKeys {
    pub(super) backend: Backend,
}

impl ManagedKeys {
    /// Makes a provider for the keys of a store, which begin with a prefix and `_`: see
    /// [`KeyFormat::new`].
    ///
    /// # Errors
    ///
    /// The prefix is malformed.
    pub fn new(store: impl KeyStore, prefix: &str) -> Result<Self, ConfigError> {
        Self::of(Arc::new(store), prefix)
    }

    /// Like [`new`](Self::new), for a store that is already in an `Arc`.
    ///
    /// # Errors
    ///
    /// The prefix is malformed.
    pub fn of(store: Arc<dyn KeyStore>, prefix: &str) -> Result<Self, ConfigError> {
        let format = KeyFormat::new(prefix)?;
        let sources = sources(HeaderName::from_static("x-api-key"));
        Ok(Self {
            backend: Backend::new(store, Settings::new(format, sources)),
        })
    }

    pub(super) fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self {
            backend: self.backend.with(change),
        }
    }

    /// Replaces the header that is read first, `X-API-Key` unless set. With `Authorization`, a key is
    /// read there alone, after `Bearer`.
    #[must_use]
    pub fn with_header(self, name: HeaderName) -> Self {
        self.with(|settings| settings.sources = sources(name))
    }

    /// Sets the source of the callers: a label that tells them from callers of another provider with
    /// equal user ids.
    ///
    /// # Errors
    ///
    /// The label is blank, holds a `#`, or begins or ends with white space.
    pub fn with_source(self, label: impl Into<String>) -> Result<Self, ConfigError> {
        let label = SourceLabel::own(label)?;
        Ok(self.with(|settings| settings.label = Some(label)))
    }

    /// Sets the source of the callers, and declares that every provider of keys with this label means
    /// the same users.
    ///
    /// # Errors
    ///
    /// The label is blank, holds a `#`, or begins or ends with white space.
    pub fn with_shared_source(self, label: impl Into<String>) -> Result<Self, ConfigError> {
        let label = SourceLabel::shared(label)?;
        Ok(self.with(|settings| settings.label = Some(label)))
    }

    /// Replaces how long known keys are accepted while the store cannot be asked: 60 seconds unless
    /// set. Zero is allowed: an outage of more than a second is then a 503 for every key.
    #[must_use]
    pub fn with_stale_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.stale_limit = limit)
    }

    /// Replaces the maximum lifetime of a key; no limit unless set. It binds callers without a managed
    /// key; a caller with a managed key makes none that outlives it.
    #[must_use]
    pub fn with_max_lifetime(self, limit: Duration) -> Self {
        self.with(|settings| settings.max_lifetime = Some(limit))
    }

    /// Replaces the number of keys that this process keeps in memory, a million unless set, at least 1
    /// (0 counts as 1): about 640 bytes each, and twice that while everything is read again.
    ///
    /// Where the store has more live keys, those that were used last are kept. A key that is not among
    /// them is looked up in the store when it is shown: at most 100 look-ups a second, beyond which
    /// such a key is a 503 at once. The keys that are kept wait for none of that.
    #[must_use]
    pub fn with_max_known(self, keys: usize) -> Self {
        self.with(|settings| settings.max_known = keys.max(1))
    }

    /// Adds a method of principals that may own keys: that of a provider of your own.
    ///
    /// The methods of the providers in this crate are included.
    #[must_use]
    pub fn add_owner_method(self, method: &'static str) -> Self {
        self.with(|settings| settings.owner_methods.extend([method]))
    }

    /// Adds a name that every administrator may use in the metadata of keys.
    ///
    /// # Security
    ///
    /// Metadata becomes claims, and claims may be permissions (`roles`, a plan). So a caller without
    /// the scope `*` may write only the metadata that they hold themselves, unless its name is added
    /// here.
    #[must_use]
    pub fn add_free_metadata(self, name: impl Into<String>) -> Self {
        let name = name.into().into();
        self.with(|settings| settings.free_metadata.extend([name]))
    }

    /// Replaces the clock that measures the age of the copy of the keys.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Reads all keys, so that the first request does not have to wait.
    ///
    /// # Errors
    ///
    /// The store cannot be asked.
    pub async fn open(&self) -> Result<(), KeyStoreError> {
        opened(self.backend.replica()).await
    }

    /// Administers the keys for a caller, within that caller's permissions.
    pub fn as_caller(&self, caller: &AuthContext) -> KeyAdmin {
        KeyAdmin::new(Authority::of_caller(self.backend.current(), caller))
    }

    /// Administers the keys for the operator of the program, who may do everything: for a command
    /// line, never for a request. The name appears in the audit records.
    pub fn as_operator(&self, name: impl Into<String>) -> KeyAdmin {
        KeyAdmin::new(Authority::of_operator(self.backend.current(), name.into()))
    }

    /// What the keys begin with, without the `_` behind it.
    pub fn prefix(&self) -> &str {
        self.backend.settings().format.prefix()
    }

    /// The number of keys that this process knows.
    pub fn known(&self) -> usize {
        self.backend.replica().table().len()
    }

    /// The address of the store, which tells it from others.
    pub(crate) fn store_address(&self) -> usize {
        self.backend.store_address()
    }

    pub(crate) fn store(&self) -> &Arc<dyn KeyStore> {
        self.backend.store()
    }

    fn judge(&self, request: &AuthRequest<'_>) -> Result<Judged, AuthError> {
        let settings = self.backend.settings();
        let Some(shown) = request.credential(&settings.sources)? else {
            return Ok(Judged::NotMine);
        };
        let shown = shown.as_bytes();
        let replica = self.backend.replica();
        let is_foreign = !settings.format.fits(shown);
        // An imported key may be of any form; and whether one is there is not known before everything
        // was read once.
        if is_foreign && !replica.may_have_imported() {
            return Ok(Judged::NotMine);
        }
        let digest = KeyDigest::of_key(shown);
        let is_right = || is_foreign || has_checksum(shown);
        let trust = replica.trust();
        if let Trust::Fresh(now) = trust {
            // Of a key that was made here, the digest says more than the checksum. One that was made with
            // another prefix is not looked at, whether or not others were imported.
            let judge = |known: &Known| match known.is_imported() {
                true => is_right().then(|| known.judge(now).map(Judged::Known)),
                false if is_foreign => Some(Ok(Judged::NotMine)),
                false => Some(known.judge(now).map(Judged::Known)),
            };
            if let Some(Some(judged)) = replica.table().with(&digest, judge) {
                return judged;
            }
        }
        if !is_right() {
            return Err(AuthError::invalid_credential("api_key_wrong_checksum"));
        }
        Ok(Judged::Open(Question { digest, is_foreign }, trust))
    }
}

/// What is known of a request at once.
enum Judged {
    /// It shows no key of this store.
    NotMine,
    /// It shows a key that is known.
    Known(AuthContext),
    /// It shows a key that needs a longer look.
    Open(Question, Trust<Timestamp>),
}

impl AuthProvider for ManagedKeys {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let (question, trust) = match self.judge(request) {
            Ok(Judged::Known(context)) => return Ok(Some(context)).into(),
            Ok(Judged::Open(question, trust)) => (question, trust),
            Ok(Judged::NotMine) => return Ok(None).into(),
            Err(error) => return Err(error).into(),
        };
        let replica = self.backend.replica();
        match trust {
            Trust::Ask => {
                let replica = Arc::clone(replica);
                Authentication::pending(async move {
                    let trust = refreshed(&replica).await;
                    match question.answer(&replica, trust) {
                        Some(answer) => answer,
                        None => question.find(replica).await,
                    }
                })
            }
            trust => {
                if !matches!(trust, Trust::Fresh(_)) {
                    start(replica);
                }
                match question.answer(replica, trust) {
                    Some(answer) => answer.into(),
                    None => Authentication::pending(question.find(Arc::clone(replica))),
                }
            }
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.backend.settings().sources
    }

    fn name(&self) -> &'static str {
        NAME
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let label = self.backend.settings().label.as_ref();
        let identity = self.backend.identity();
        vec![PrincipalSource::of_labelled(NAME, label, identity)]
    }
}

impl fmt::Debug for ManagedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedKeys")
            .field("format", &self.backend.settings().format)
            .field("sources", &self.backend.settings().sources)
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
