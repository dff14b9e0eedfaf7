//! The administrator.

use std::time::Duration;

use super::{
    AuditQuery, AuditRecord, Change, KeyAdminError, KeyDigest, KeyId, KeyQuery, KeyRequest,
    KeyUpdate, MadeKey, ManagedKey, Page, Revision, StoredKey,
    authority::{Authority, LIMIT, READ, Read, WRITE},
    backend::Backend,
    bounds::Bounds,
    created::Material,
    valid,
};
use crate::polling::ask;

/// Makes, shows, changes and ends keys for a caller or an operator: see [`ManagedKeys::as_caller`](super::ManagedKeys::as_caller)
/// and [`ManagedKeys::as_operator`](super::ManagedKeys::as_operator).
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
/// // Changes the key only as it was seen: somebody else has revoked it since it was made.
/// let seen = keys.as_operator("ada").at_revision(made.key().revision());
/// assert!(seen.update(id, KeyUpdate::new().with_name("robot")).await.is_err());
/// let next = keys.as_operator("ada").rotate(id, std::time::Duration::from_secs(3_600)).await?;
/// assert_eq!(next.replaced().unwrap().record().id(), id);
///
/// let everything: KeyAdmin = keys.as_operator("ada");
/// assert_eq!(everything.list(None, 100).await?.items.len(), 2);
/// assert_eq!(everything.audit(Some(id), None, 100).await?.items.len(), 4);
///
/// let nobody = keys.as_caller(&AuthContext::new("eve"));
/// assert!(nobody.list(None, 100).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyAdmin {
    authority: Authority,
}

impl KeyAdmin {
    pub(super) fn new(authority: Authority) -> Self {
        Self { authority }
    }

    /// Changes a key only if that is still its last change: the one that somebody looked at before
    /// they decided.
    pub fn at_revision(self, revision: Revision) -> Self {
        Self {
            authority: self.authority.at_revision(revision),
        }
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    fn backend(&self) -> &Backend {
        self.authority.backend()
    }

    /// Makes a key.
    ///
    /// # Errors
    ///
    /// The request is malformed, would give more than the caller has, or the store could not be asked.
    pub async fn create(&self, request: KeyRequest) -> Result<MadeKey, KeyAdminError> {
        self.generate(request, None).await
    }

    /// Makes the first key that may administer keys: only if no live key grants `keys:write`, over all
    /// processes.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create), and [`KeyAdminError::Conflict`] where a live key grants
    /// `keys:write`.
    pub async fn create_first_admin(&self, request: KeyRequest) -> Result<MadeKey, KeyAdminError> {
        if !self.authority.is_operator() {
            return Err(KeyAdminError::Forbidden(
                "only an operator makes the first key",
            ));
        }
        self.generate(request, Some(WRITE.into())).await
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
        Ok(self.imported(digest, request).await?.0)
    }

    /// Makes a key of a digest; returns it, and whether it was made before.
    pub(crate) async fn imported(
        &self,
        digest: KeyDigest,
        request: KeyRequest,
    ) -> Result<(ManagedKey, bool), KeyAdminError> {
        let (key, was_made_before) = self.make(request, Material::Imported(digest), None).await?;
        Ok((key.into(), was_made_before))
    }

    async fn generate(
        &self,
        request: KeyRequest,
        unless_granted: Option<Box<str>>,
    ) -> Result<MadeKey, KeyAdminError> {
        let secret = self.backend().settings().format.generate()?;
        let material = Material::Generated(&secret);
        let (key, was_made_before) = self.make(request, material, unless_granted).await?;
        Ok(MadeKey {
            key: key.into(),
            secret: (!was_made_before).then_some(secret),
            replaced: None,
        })
    }

    /// Makes a key; returns it, and whether it was made before.
    async fn make(
        &self,
        request: KeyRequest,
        material: Material<'_>,
        unless_granted: Option<Box<str>>,
    ) -> Result<(StoredKey, bool), KeyAdminError> {
        valid::request(&request)?;
        let (own, now) = self.authority.own(WRITE).await?;
        let write = self
            .authority
            .created(own.as_ref(), now, request, material, unless_granted)?;
        let carried_out = self.authority.write(write).await?;
        let was_made_before = carried_out.is_repeated;
        let key = carried_out.key.ok_or(KeyAdminError::NotFound)?;
        // It may have been given to somebody else since.
        if was_made_before
            && let Some(bounds) = self.authority.bounds(own.as_ref())
            && !bounds.may_see(key.record())?
        {
            return Err(KeyAdminError::Conflict(
                "the idempotency key made a key that is not yours any more: take another",
            ));
        }
        Ok((key, was_made_before))
    }

    /// One key.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id, the caller lacks `keys:read`, or the store could not
    /// be asked.
    pub async fn get(&self, id: &KeyId) -> Result<ManagedKey, KeyAdminError> {
        Ok(self.authority.read(id, READ).await?.key.into())
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
        let (own, _) = self.authority.own(READ).await?;
        let mut query = KeyQuery {
            after,
            limit: limit.clamp(1, MOST_LISTED),
            ..KeyQuery::default()
        };
        if let Some(bounds) = self.authority.bounds(own.as_ref())
            && !bounds.is_admin()
        {
            query.owner = Some(bounds.owner());
            query.tenant = Some(bounds.tenant()?);
        }
        let page = ask(LIMIT, || self.backend().store().list(query))
            .await?
            .value;
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
        self.authority
            .changed(id, |read| self.authority.updated(read, update.clone()))
            .await?
            .key
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
        let secret = self.backend().settings().format.generate()?;
        let rotated = self
            .authority
            .changed(id, |read| self.authority.rotated(read, overlap, &secret))
            .await?;
        Ok(MadeKey {
            key: rotated.key.ok_or(KeyAdminError::NotFound)?.into(),
            secret: Some(secret),
            replaced: rotated.replaced.map(Into::into),
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
            self.authority
                .change(read.own.as_ref(), Change::Revoke { id, reason })
        };
        let revoked = self.authority.changed(id, decide).await?;
        revoked.key.map(Into::into).ok_or(KeyAdminError::NotFound)
    }

    /// Deletes a key; its audit records stay.
    ///
    /// # Errors
    ///
    /// No key that the caller may see has the id, it has more than the caller, or the store could not
    /// be asked.
    pub async fn delete(&self, id: &KeyId) -> Result<(), KeyAdminError> {
        let decide = |read: &Read| {
            if let Some(bounds) = self.authority.bounds(read.own.as_ref()) {
                bounds.check(read.key.record())?;
            }
            let (id, at) = (id.clone(), read.key.revision());
            self.authority
                .change(read.own.as_ref(), Change::Delete { id, at })
        };
        self.authority.changed(id, decide).await.map(drop)
    }

    /// Audit records, newest first, at most `limit` (1 to 1,000): of one key, or of all keys for an
    /// operator and a caller with `keys:admin`.
    ///
    /// Of a key that came to the caller's owner or tenant from another one, only the records since then.
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
        let (own, _) = self.authority.own(READ).await?;
        let bounds = self.authority.bounds(own.as_ref());
        let bounds = bounds.filter(|bounds| !bounds.is_admin());
        match key {
            Some(key) if bounds.is_some() => drop(self.authority.read(key, READ).await?),
            None if bounds.is_some() => {
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
        let page = ask(LIMIT, || self.backend().store().audit(query)).await?;
        match bounds {
            Some(bounds) => since_its_own(page.value, &bounds),
            None => Ok(page.value),
        }
    }
}

/// The records since a key came to a caller: what was before is for those whose key it was.
fn since_its_own(
    page: Page<AuditRecord>,
    bounds: &Bounds<'_>,
) -> Result<Page<AuditRecord>, KeyAdminError> {
    let mut own = Page {
        items: Vec::with_capacity(page.items.len()),
        has_more: page.has_more,
    };
    for mut record in page.items {
        if let Some(after) = record.after()
            && !bounds.may_see(after)?
        {
            own.has_more = false;
            break;
        }
        let came = match record.before() {
            Some(before) => !bounds.may_see(before)?,
            None => false,
        };
        if came {
            record.before = None;
        }
        own.items.push(record);
        if came {
            own.has_more = false;
            break;
        }
    }
    Ok(own)
}

const MOST_LISTED: usize = 1_000;
