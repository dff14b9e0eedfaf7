//! The record of a new key, from the request for it [12.2].

use super::{
    Change, KeyAdminError, KeyDigest, KeyId, KeyRecord, KeyRequest, KeyWrite, NewKey, StoredKey,
    Timestamp, authority::Authority, bounds,
};
use crate::secret::Secret;

/// What a new key is made of.
#[derive(Clone, Copy)]
pub(super) enum Material<'a> {
    /// The key itself.
    Generated(&'a Secret),
    /// The digest of a key that exists already.
    Imported(KeyDigest),
}

impl Authority {
    pub(super) fn created(
        &self,
        own: Option<&StoredKey>,
        now: Timestamp,
        request: KeyRequest,
        material: Material<'_>,
        unless_granted: Option<Box<str>>,
    ) -> Result<KeyWrite, KeyAdminError> {
        let settings = self.backend().settings();
        let id = KeyId::generate(now)?;
        let (digest, start, imported) = match material {
            Material::Generated(secret) => {
                let digest = KeyDigest::of_key(secret.expose().as_bytes());
                (digest, settings.format.start_of(secret), None)
            }
            Material::Imported(digest) => (digest, Box::default(), Some(digest)),
        };
        let bounds = self.bounds(own);
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
            start,
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
            created_by: self.actor(own),
            expires_at: request.expiry.map(|expiry| expiry.from(now)),
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
        self.bound_expiry(&mut record, own, now)?;
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
        self.change(own, Change::Create(Box::new(new)))
    }
}
