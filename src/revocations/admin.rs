//! Whoever revokes.

use std::time::Duration;

use super::{RevocationStoreError, RevocationWrite, backend::Backend};
use crate::{
    context::AuthContext,
    keys::{
        KeyActor, KeyAdmin, KeyAdminError, KeyId, KeyStoreError, ManagedKeys, Revocation,
        RevocationEntry, RevokedTokens, StoredRevocation, Timestamp, confirm, record_of_revoked,
    },
    polling::ask,
};

/// Revokes for a caller or an operator: see [`Revocations::as_caller`](super::Revocations::as_caller)
/// and [`Revocations::as_operator`](super::Revocations::as_operator).
///
/// # Security
///
/// A caller needs the scope `keys:write`, and revokes the token of their own request, or everything of
/// their own principal within their own tenant. With `keys:admin` they revoke everybody's.
///
/// # Example
///
/// ```
/// use tower_auth::{
///     AuthContext,
///     keys::Revocation,
///     revocations::{MemoryRevocationStore, RevocationAdmin, Revocations, Revoked},
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let revocations = Revocations::new(MemoryRevocationStore::new()?);
/// let ada = AuthContext::new("ada").with_method("sessions").with_scopes(["keys:write"]);
/// let admin: RevocationAdmin = revocations.as_caller(&ada);
/// let revoked: Revoked = admin.revoke(Revocation::principal(ada.principal())).await?;
/// assert!(revoked.keys().is_empty());
/// assert!(revoked.before() < Some(revoked.until()));
///
/// let bob = AuthContext::new("bob").with_method("sessions");
/// assert!(admin.revoke(Revocation::principal(bob.principal())).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RevocationAdmin {
    backend: Backend,
    administrator: Administrator,
}

#[derive(Clone, Debug)]
enum Administrator {
    Operator(Box<str>),
    Caller(AuthContext),
}

impl Administrator {
    fn of(&self, keys: &ManagedKeys) -> KeyAdmin {
        match self {
            Self::Operator(name) => keys.as_operator(&**name),
            Self::Caller(caller) => keys.as_caller(caller),
        }
    }
}

/// A revocation that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    entry: RevocationEntry,
    keys: Vec<KeyId>,
}

impl Revoked {
    /// The time until which it is kept.
    pub fn until(&self) -> Timestamp {
        self.entry.until()
    }

    /// The instant before which everything of the user or principal has ended; `None` for a token.
    pub fn before(&self) -> Option<Timestamp> {
        self.entry.before()
    }

    /// The managed keys that were revoked with it.
    pub fn keys(&self) -> &[KeyId] {
        &self.keys
    }
}

impl RevocationAdmin {
    pub(super) fn of_caller(backend: Backend, caller: &AuthContext) -> Self {
        Self {
            backend,
            administrator: Administrator::Caller(caller.clone()),
        }
    }

    pub(super) fn of_operator(backend: Backend, name: String) -> Self {
        Self {
            backend,
            administrator: Administrator::Operator(name.into()),
        }
    }

    /// Revokes: at once in this process, within a second elsewhere. To revoke again what is revoked
    /// changes nothing, or ends more.
    ///
    /// # Errors
    ///
    /// The administrator may not revoke that; as many revocations are kept as may be
    /// ([`KeyAdminError::Conflict`]); the reason is malformed, or the instant is in the future; the store
    /// could not be asked, or the audit file takes no line ([`KeyAdminError::NotAudited`]). Where managed keys of
    /// a principal could not be revoked with it, the rest of it stands: revoke again.
    pub async fn revoke(&self, revocation: Revocation) -> Result<Revoked, KeyAdminError> {
        // A task of its own: whoever asked may go away, and the keys of a principal must not end in part.
        let admin = self.clone();
        let work = tokio::spawn(async move { admin.carry_out(revocation).await });
        work.await.unwrap_or_else(|error| {
            let error = KeyStoreError::unavailable(error);
            Err(KeyAdminError::Unavailable(error))
        })
    }

    async fn carry_out(&self, revocation: Revocation) -> Result<Revoked, KeyAdminError> {
        let settings = &self.backend.settings;
        let now = Timestamp::from_unix_millis(settings.clock.now_millis());
        if revocation.instant() > Some(now.saturating_add(FUTURE)) {
            return Err(KeyAdminError::Invalid(
                "the instant before which all ends is in the future: write one that has passed"
                    .into(),
            ));
        }
        let tokens = RevokedTokens {
            revocation,
            max_lifetime: settings.max_lifetime,
            max_kept: settings.max_kept,
        };
        // It holds here before anybody is told that it was done.
        let take = |entry| {
            let replica = self.backend.replica();
            replica.take([entry]);
            // Open streams hear of it after a poll, of many revocations at once.
            replica.polling.poll_now();
        };
        let (entry, mut revoked) = match &self.backend.keys {
            None => {
                let entry = self.add(tokens.clone()).await?;
                take(entry);
                (entry, Vec::new())
            }
            Some(keys) => {
                let admin = self.administrator.of(keys);
                admin.revoke_tokens(tokens.clone(), take).await?
            }
        };
        for keys in &settings.further {
            let admin = self.administrator.of(keys);
            // The instant is of another clock than the times of these keys.
            let ended = admin.revoke_keys(tokens.clone(), entry, settings.leeway);
            revoked.extend(ended.await?);
        }
        Ok(Revoked {
            entry,
            keys: revoked,
        })
    }

    /// Adds to a store of its own.
    async fn add(&self, tokens: RevokedTokens) -> Result<RevocationEntry, KeyAdminError> {
        let mut tokens = tokens;
        tokens.revocation.check_reason()?;
        let by = match &self.administrator {
            Administrator::Operator(name) => KeyActor::Operator(name.clone()),
            Administrator::Caller(caller) => {
                if !caller.scopes().contains("keys:write") {
                    return Err(KeyAdminError::Forbidden("this needs the scope keys:write"));
                }
                if !tokens.is_of(caller) {
                    confirm(caller).await?;
                }
                let is_admin = caller.scopes().contains("keys:admin");
                tokens = tokens.within(caller, is_admin)?;
                KeyActor::Caller {
                    principal: caller.principal().into_owned(),
                    key: None,
                }
            }
        };
        let RevokedTokens {
            revocation,
            max_lifetime,
            max_kept,
        } = tokens;
        let audit = &self.backend.settings.audit;
        audit.admit()?;
        let write = RevocationWrite::new(revocation, by.clone(), max_lifetime, max_kept);
        let store = &self.backend.store;
        let added = ask(LIMIT, || store.add(write.clone())).await;
        let added = added.map_err(|error: RevocationStoreError| KeyStoreError::from(error))?;
        let StoredRevocation { entry, revision } = added.value;
        audit.tell(&record_of_revoked(
            write.record(&entry),
            by,
            added.now,
            revision,
        ));
        Ok(entry)
    }
}

/// The time limit of a store.
const LIMIT: Duration = Duration::from_secs(5);
/// How far the clock of whoever names an instant may be ahead.
const FUTURE: Duration = Duration::from_secs(300);
