//! The revocations of a program.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    RevocationAdmin, RevocationStore, RevocationStoreError, backend::Backend,
    of_keys::KeyStoreRevocations, replica::Replica, settings::Settings,
};
use crate::{
    answer::Answer,
    clock::Clock,
    context::AuthContext,
    error::AuthError,
    keys::ManagedKeys,
    polling::{ask, opened},
};

/// Ends credentials before their time: one token of an issuer, or everything of a principal that was
/// issued before an instant.
///
/// [`AuthLayer::revocations`](crate::AuthLayer::revocations) holds every caller to them, whatever
/// provider accepted the caller, and whether or not the provider remembered the token. Each process
/// keeps a copy of the list: a revocation by this process holds at once, one by another process within a
/// second. A request reads no store; where the copy is older than a second, it waits for the next
/// answer, at most half a second.
///
/// # What they ask of tokens
///
/// A revocation is kept as long as a token may live, 24 hours unless
/// [set](Self::with_max_token_lifetime), so a token that lives longer is refused. What was issued at an
/// unknown time was issued before any instant. A JWT without `iat` does not say how long it lives, and is
/// refused too unless [allowed](Self::insecure_allow_missing_iat).
///
/// # When the store cannot be asked
///
/// The list that is known holds for [60 seconds](Self::with_stale_limit) more. Then every caller of the
/// layer is a 503: nobody can say who was revoked meanwhile.
///
/// The constructor reads nothing; the first request, or [`open`](Self::open), starts to read. It needs
/// a Tokio runtime. Clones share one copy.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::{
///     AuthLayer,
///     keys::Revocation,
///     provider::JwtAuth,
///     revocations::{MemoryRevocationStore, Revocations},
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let revocations = Revocations::new(MemoryRevocationStore::new()?);
/// let tokens = JwtAuth::hs256("an example secret of 32 bytes …")?;
/// let app: Router = Router::new()
///     .route("/run", post(|| async { "ran" }))
///     .layer(AuthLayer::new(tokens).revocations(&revocations));
///
/// let operator = revocations.as_operator("ada");
/// operator.revoke(Revocation::token("", "7f03").because("it was in a log")).await?;
/// # let _ = app;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Beside managed keys, in their store:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::{keys::{ManagedKeys, MemoryKeyStore}, revocations::Revocations};
///
/// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
/// let revocations = Revocations::of_keys(&keys)
///     .with_max_token_lifetime(Duration::from_secs(3_600))
///     .with_leeway(Duration::from_secs(60))
///     .with_stale_limit(Duration::from_secs(10))
///     .with_max_revocations(100_000)
///     .insecure_allow_missing_iat();
/// # let _ = revocations;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Revocations {
    pub(super) backend: Backend,
}

impl Revocations {
    /// Revocations in a store of their own.
    pub fn new(store: impl RevocationStore) -> Self {
        Self::of(Arc::new(store))
    }

    /// Like [`new`](Self::new), for a store that is already in an `Arc`.
    pub fn of(store: Arc<dyn RevocationStore>) -> Self {
        Self {
            backend: Backend::new(store, None),
        }
    }

    /// Revocations in the store of these keys. Whoever revokes everything of a principal revokes the
    /// principal's keys too.
    pub fn of_keys(keys: &ManagedKeys) -> Self {
        let store = KeyStoreRevocations::new(Arc::clone(keys.store()));
        Self {
            backend: Backend::new(Arc::new(store), Some(keys.clone())),
        }
    }

    /// Adds keys that end with their principal though their store does not keep the revocations: whoever
    /// revokes everything of a principal revokes these keys too, after the tokens.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{
    ///     keys::{ManagedKeys, MemoryKeyStore},
    ///     revocations::{MemoryRevocationStore, Revocations},
    /// };
    ///
    /// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
    /// let list = MemoryRevocationStore::new()?; // yours: Redis
    /// let revocations = Revocations::new(list).add_keys(&keys);
    /// # let _ = revocations;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_keys(self, keys: &ManagedKeys) -> Self {
        self.with(|settings| settings.further.push(keys.clone()))
    }

    pub(super) fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self {
            backend: self.backend.with(change),
        }
    }

    /// Replaces how long a token may live, 24 hours unless set: a token that lives longer is refused,
    /// because its revocation would be forgotten first.
    ///
    /// # Security
    ///
    /// Give every program that revokes in this store the longest of these times.
    pub fn with_max_token_lifetime(self, limit: Duration) -> Self {
        self.with(|settings| settings.max_lifetime = limit)
    }

    /// Replaces how far the clocks of issuers may differ from that of the store: 30 seconds unless set. A
    /// token of that long after the instant of a revocation is ended by it too.
    ///
    /// # Security
    ///
    /// It should be no shorter than the longest leeway of the providers.
    pub fn with_leeway(self, leeway: Duration) -> Self {
        self.with(|settings| settings.leeway = leeway)
    }

    /// Replaces how long the known list counts after the store could be asked last: 60 seconds unless
    /// set. Then every caller is a 503. With zero that is so a second after the store is gone.
    pub fn with_stale_limit(self, limit: Duration) -> Self {
        self.with(|settings| settings.stale_limit = limit)
    }

    /// Replaces the number of revocations that the store may keep, a million unless set: about 150 bytes
    /// of memory each. A new one beyond it is refused to whoever revokes; none is dropped for it.
    pub fn with_max_revocations(self, count: usize) -> Self {
        self.with(|settings| settings.max_kept = count)
    }

    /// Accepts JWTs that do not say when they were issued (`iat`), and ends them with every revocation of
    /// their principal.
    ///
    /// # Security
    ///
    /// A token without an `iat` may have been issued long ago, and in the last day of its life it looks like one that
    /// lives for a day: after its revocation is forgotten it counts again. Allow it only where the issuer
    /// writes no token that lives longer than [tokens may](Self::with_max_token_lifetime).
    pub fn insecure_allow_missing_iat(self) -> Self {
        self.with(|settings| settings.allows_missing_iat = true)
    }

    /// Replaces the clock that measures the age of the copy and the lives of tokens.
    pub fn with_clock(self, clock: Clock) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Reads all revocations, so that the first request does not have to wait.
    ///
    /// # Errors
    ///
    /// The store cannot be asked.
    pub async fn open(&self) -> Result<(), RevocationStoreError> {
        opened(self.replica()).await
    }

    /// Begins a new list in a store that has none ([`RevocationStoreError::Lost`]), with what this process
    /// knows: once, when such a store is first used, or after all that knew the old list are gone.
    ///
    /// # Security
    ///
    /// Tokens that were revoked in a list that is lost count again until they expire.
    ///
    /// # Errors
    ///
    /// The store cannot be asked.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::revocations::{MemoryRevocationStore, Revocations};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let revocations = Revocations::new(MemoryRevocationStore::new()?);
    /// revocations.begin().await?;
    /// revocations.open().await?;
    /// revocations.hint(); // somebody else said that there is something new
    /// assert_eq!(revocations.known(), 0);
    /// # Ok::<(), tower_auth::revocations::RevocationStoreError>(())
    /// # }).unwrap();
    /// ```
    pub async fn begin(&self) -> Result<(), RevocationStoreError> {
        let held = self.replica().table.all();
        ask(BEGIN_LIMIT, || self.backend.store.restore(held)).await?;
        self.hint();
        Ok(())
    }

    /// Asks the store at once: for a hint that came another way, such as a message of another process.
    pub fn hint(&self) {
        self.replica().polling.poll_now();
    }

    /// Revokes for a caller, within that caller's permissions.
    pub fn as_caller(&self, caller: &AuthContext) -> RevocationAdmin {
        RevocationAdmin::of_caller(self.backend.current(), caller)
    }

    /// Revokes for the operator of the program, who may do everything: for a command line, never for a
    /// request. The name appears in the audit records.
    pub fn as_operator(&self, name: impl Into<String>) -> RevocationAdmin {
        RevocationAdmin::of_operator(self.backend.current(), name.into())
    }

    /// Whether a caller's credential counts still: for a token that came without a layer, and for work
    /// that takes long.
    ///
    /// # Errors
    ///
    /// 401 `invalid_credential` where it was revoked or lives too long, 503 where that is not known.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, keys::Revocation, revocations::{MemoryRevocationStore, Revocations}};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let revocations = Revocations::new(MemoryRevocationStore::new()?);
    /// let ada = AuthContext::new("ada").with_method("sessions");
    /// revocations.check(&ada).await?;
    /// revocations.as_operator("root").revoke(Revocation::principal(ada.principal())).await?;
    /// assert_eq!(revocations.check(&ada).await.unwrap_err().status(), 401);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn check(&self, caller: &AuthContext) -> Result<(), AuthError> {
        self.judge(caller).await
    }

    /// The number of revocations that this process knows.
    pub fn known(&self) -> usize {
        self.replica().table.len()
    }

    pub(crate) fn judge(&self, caller: &AuthContext) -> Answer<Result<(), AuthError>> {
        self.replica().judge(caller)
    }

    pub(super) fn replica(&self) -> &Arc<Replica> {
        self.backend.replica()
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("settings", &self.backend.current().settings)
            .finish_non_exhaustive()
    }
}

const BEGIN_LIMIT: Duration = Duration::from_secs(10);
