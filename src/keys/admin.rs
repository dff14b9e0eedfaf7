//! The administrator.

use std::time::Duration;

use super::{
    AuditQuery, AuditRecord, Change, KeyAdminError, KeyDigest, KeyId, KeyQuery, KeyRecord,
    KeyRequest, KeyUpdate, KeyWrite, MadeKey, ManagedKey, ManagedKeys, NewKey, Page, Revision,
    StoredKey, Written,
    ask::ask,
    authority::{Authority, LIMIT, READ, Read, WRITE},
    bounds, valid,
};
use crate::secret::Secret;

/// Makes, shows, changes and ends keys for a caller or an operator: see [`ManagedKeys::as_caller`] and
/// [`ManagedKeys::as_operator`].
///
/// # Security
///
/// A caller needs the scope `keys:read` to see keys and `keys:write` to change them, and gives nobody
/// more than they have: no scope, tenant, owner, limit, credit or claim beyond their own. The scope
/// `keys:admin` lifts the bounds of owner and tenant; nothing lifts that of scopes. Without
/// `keys:admin` a caller sees only the keys that stand for this caller. A key with more permissions
/// than the caller can be revoked by them, but neither changed nor rotated. A caller with a managed
/// key makes none that outlives it.
///
/// The keys that a caller may see, and the record of their changes:
///
/// ```
/// use tower_auth::{AuthContext, keys::{KeyAdmin, KeyRequest, KeyUpdate, MadeKey, ManagedKey, ManagedKeys, MemoryKeyStore}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
/// let made: MadeKey = keys.as_operator("ada").create(KeyRequest::new("ci")).await?;
/// let id = made.key().record().id();
/// keys.as_operator("ada").revoke(id, "lost").await?;
/// let found: ManagedKey = keys.as_operator("ada").update(id, KeyUpdate::new().unrevoked()).await?;
/// assert_eq!((found.credits(), found.last_used_at()), (None, None));
///
/// let everything: KeyAdmin = keys.as_operator("ada");
/// assert_eq!(everything.list(None, 100).await?.items.len(), 1);
/// assert_eq!(everything.audit(Some(id), None, 100).await?.items.len(), 3);
///
/// let nobody = keys.as_caller(&AuthContext::new("eve"));
/// assert!(nobody.list(None, 100).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyAdmin {
    pub(super) keys: ManagedKeys,
    pub(super) authority: Authority,
}

impl KeyAdmin {
    pub(super) fn new(keys: ManagedKeys, authority: Authority) -> Self {
        Self { keys, authority }
    }

    /// Makes a key.
    ///
    /// # Errors
    ///
    /// The request is malformed, would give more than the caller has, or the store could not be asked.
    pub async fn create(&self, request: KeyRequest) -> Result<MadeKey, KeyAdminError> {
        let secret = self.keys.settings().format.generate()?;
        self.make(request, Some(secret), None, None).await
    }

    /// Makes the first key that may administer keys: only if no live key grants `keys:write`, over all
    /// processes.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create), and [`KeyAdminError::Conflict`] where a live key grants
    /// `keys:write`.
    pub async fn create_first_admin(&self, request: KeyRequest) -> Result<MadeKey, KeyAdminError> {
        let Authority::Operator(_) = &self.authority else {
            return Err(KeyAdminError::Forbidden(
                "only an operator makes the first key",
            ));
        };
        let secret = self.keys.settings().format.generate()?;
        self.make(request, Some(secret), None, Some(WRITE.into()))
            .await
    }

    /// Makes a key of a digest: of one that exists already, and may be of any form. A caller needs
    /// `keys:admin` for that.
    ///
    /// # Security
    ///
    /// While a store holds imported keys, every credential in their place may be one, and waits with
    /// them for a store that does not answer.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create), and [`KeyAdminError::Conflict`] where the digest is taken.
    pub async fn import(
        &self,
        digest: KeyDigest,
        request: KeyRequest,
    ) -> Result<ManagedKey, KeyAdminError> {
        let made = self.make(request, None, Some(digest), None).await?;
        Ok(made.key)
    }

    async fn make(
        &self,
        request: KeyRequest,
        secret: Option<Secret>,
        imported: Option<KeyDigest>,
        unless_granted: Option<Box<str>>,
    ) -> Result<MadeKey, KeyAdminError> {
        valid::request(&request)?;
        let (own, now) = self.own(WRITE).await?;
        let settings = self.keys.settings();
        let id = KeyId::generate(now)?;
        let digest = match (&secret, imported) {
            (Some(secret), _) => KeyDigest::of_key(secret.expose().as_bytes()),
            (None, Some(digest)) => digest,
            (None, None) => return Err(KeyAdminError::Invalid("there is no key to make".into())),
        };
        let bounds = self.bounds(own.as_ref());
        // A digest of any form makes this store answer for all credentials of the chain.
        if imported.is_some() && bounds.as_ref().is_some_and(|bounds| !bounds.is_admin()) {
            return Err(KeyAdminError::Forbidden(
                "an import needs keys:admin: create a key instead",
            ));
        }
        let idempotency = request
            .idempotency_key
            .as_deref()
            .map(|key| self.idempotency(key, imported));
        let mut record = KeyRecord {
            account: id.clone(),
            id,
            start: secret
                .as_ref()
                .map(|key| settings.format.start_of(key))
                .unwrap_or_default(),
            name: request.name.into(),
            owner: request
                .owner
                .map(|owner| bounds::normal_owner(owner, settings)),
            tenant: request.tenant.map(Into::into),
            scopes: request.scopes.into_iter().map(Into::into).collect(),
            metadata: request.metadata,
            limit: request.limit,
            metered: request.credits.is_some(),
            imported: imported.is_some(),
            created_at: now,
            created_by: self.actor(own.as_ref()),
            expires_at: request.expires_at,
            revoked: None,
            successor: None,
        };
        if let Some(bounds) = &bounds {
            if !bounds.is_admin() {
                record.owner.get_or_insert_with(|| bounds.owner());
                if record.tenant.is_none() {
                    record.tenant = bounds.tenant()?;
                }
            }
            if request.credits.is_some() {
                bounds.check_credits()?;
            }
            if let Some(own) = bounds.own.map(StoredKey::record)
                && bounds.shares_account()
            {
                record.account = own.account().clone();
                record.metered = own.is_metered();
                record.limit = record.limit.or(own.limit());
            }
        }
        self.check_owner(&record)?;
        self.bound_expiry(&mut record, own.as_ref(), now)?;
        if let Some(bounds) = &bounds {
            bounds.check(&record)?;
        }
        let new = NewKey {
            record,
            digest,
            credits: request.credits,
            idempotency,
            unless_granted,
        };
        let write = self.change(own.as_ref(), Change::Create(Box::new(new)));
        match self.write(write).await? {
            (Some(key), false) => Ok(MadeKey {
                key: key.into(),
                secret,
            }),
            (Some(key), true) => {
                // It may have been given to somebody else since.
                if let Some(bounds) = &bounds
                    && !bounds.may_see(key.record())?
                {
                    return Err(KeyAdminError::Conflict(
                        "the idempotency key made a key that is not yours any more: take another",
                    ));
                }
                Ok(MadeKey {
                    key: key.into(),
                    secret: None,
                })
            }
            (None, _) => Err(KeyAdminError::NotFound),
        }
    }

    /// One key.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id, the caller lacks `keys:read`, or the store could not
    /// be asked.
    pub async fn get(&self, id: &KeyId) -> Result<ManagedKey, KeyAdminError> {
        Ok(self.read(id, READ).await?.key.into())
    }

    /// Keys that the caller may see, by age, after an id, at most `limit` (1 to 1,000).
    ///
    /// # Errors
    ///
    /// The caller lacks `keys:read`, or the store could not be asked.
    pub async fn list(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Page<ManagedKey>, KeyAdminError> {
        let (own, _) = self.own(READ).await?;
        let mut query = KeyQuery {
            after,
            limit: limit.clamp(1, MOST_LISTED),
            ..KeyQuery::default()
        };
        if let Some(bounds) = self.bounds(own.as_ref())
            && !bounds.is_admin()
        {
            query.owner = Some(bounds.owner());
            query.tenant = Some(bounds.tenant()?);
        }
        let page = ask(LIMIT, || self.keys.store().list(query)).await?.value;
        Ok(Page {
            items: page.items.into_iter().map(Into::into).collect(),
            has_more: page.has_more,
        })
    }

    /// Changes a key.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id; the key has, or would have, more than the caller;
    /// the update is malformed; the key was changed by others too often; the store could not be asked.
    pub async fn update(&self, id: &KeyId, update: KeyUpdate) -> Result<ManagedKey, KeyAdminError> {
        valid::update(&update)?;
        self.changed(id, |read| self.updated(read, update.clone()))
            .await?
            .map(Into::into)
            .ok_or(KeyAdminError::NotFound)
    }

    /// Gives a key a successor with the same caller, scopes, limits and credits. The old key stays
    /// valid for `overlap`, but not beyond its own expiry.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id; the key has more than the caller; it is not live, or
    /// has a successor already; the store could not be asked.
    pub async fn rotate(&self, id: &KeyId, overlap: Duration) -> Result<MadeKey, KeyAdminError> {
        let secret = self.keys.settings().format.generate()?;
        let key = self
            .changed(id, |read| self.rotated(read, overlap, &secret))
            .await?
            .ok_or(KeyAdminError::NotFound)?;
        Ok(MadeKey {
            key: key.into(),
            secret: Some(secret),
        })
    }

    /// Revokes a key, even one with more permissions than the caller: at once in this process, within
    /// a second elsewhere. The reason, at most 256 characters, is for other administrators.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id, or the store could not be asked.
    pub async fn revoke(&self, id: &KeyId, reason: &str) -> Result<ManagedKey, KeyAdminError> {
        valid::reason(reason)?;
        let decide = |read: &Read| {
            let (id, reason) = (id.clone(), reason.into());
            Ok(self.change(read.own.as_ref(), Change::Revoke { id, reason }))
        };
        let revoked = self.changed(id, decide).await?;
        revoked.map(Into::into).ok_or(KeyAdminError::NotFound)
    }

    /// Deletes a key; its audit records stay.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id, it has more than the caller, or the store could not
    /// be asked.
    pub async fn delete(&self, id: &KeyId) -> Result<(), KeyAdminError> {
        let decide = |read: &Read| {
            if let Some(bounds) = self.bounds(read.own.as_ref()) {
                bounds.check(read.key.record())?;
            }
            let (id, at) = (id.clone(), read.key.revision());
            Ok(self.change(read.own.as_ref(), Change::Delete { id, at }))
        };
        self.changed(id, decide).await.map(drop)
    }

    /// Audit records, newest first, at most `limit` (1 to 1,000): of one key, or of all keys for an
    /// operator and a caller with `keys:admin`.
    ///
    /// # Errors
    ///
    /// The caller may not see the key, or the store could not be asked.
    pub async fn audit(
        &self,
        key: Option<&KeyId>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Page<AuditRecord>, KeyAdminError> {
        let (own, _) = self.own(READ).await?;
        let is_bounded = self
            .bounds(own.as_ref())
            .is_some_and(|bounds| !bounds.is_admin());
        match key {
            Some(key) if is_bounded => drop(self.read(key, READ).await?),
            None if is_bounded => {
                return Err(KeyAdminError::Forbidden(
                    "name a key: all of them need keys:admin",
                ));
            }
            _ => {}
        }
        let query = AuditQuery {
            key: key.cloned(),
            before,
            limit: limit.clamp(1, MOST_LISTED),
        };
        Ok(ask(LIMIT, || self.keys.store().audit(query)).await?.value)
    }

    /// Decides a change on a key as it is, and anew where another came between: one of that key, or
    /// of the caller's own. Answers with the key as it is then, if it is there.
    async fn changed(
        &self,
        id: &KeyId,
        decide: impl Fn(&Read) -> Result<KeyWrite, KeyAdminError>,
    ) -> Result<Option<StoredKey>, KeyAdminError> {
        for _ in 0..TRIES {
            let read = self.read(id, WRITE).await?;
            match self.write(decide(&read)?).await {
                Err(KeyAdminError::Conflict(_)) => {}
                written => return written.map(|(key, _)| key),
            }
        }
        Err(KeyAdminError::Conflict(
            "the key was changed meanwhile: try again",
        ))
    }

    /// Carries a change out; returns its key, and whether the change was carried out before.
    async fn write(&self, write: KeyWrite) -> Result<(Option<StoredKey>, bool), KeyAdminError> {
        let written = ask(LIMIT, || self.keys.store().write(write)).await?;
        Ok(match written.value {
            Written::Applied(applied) => {
                self.keys.replica().changed_here(&applied);
                // The last key of a rotation is the new one.
                (applied.puts.into_iter().next_back(), false)
            }
            Written::Repeated(key) => (Some(*key), true),
        })
    }
}

const MOST_LISTED: usize = 1_000;
/// The number of times that a change is decided again after another one came first.
const TRIES: usize = 5;
