//! The results of an update and a rotation, from the key as it was read [12.2].

use std::time::Duration;

use super::{
    Change, KeyAction, KeyAdminError, KeyDigest, KeyId, KeyRecord, KeyUpdate, KeyWrite,
    authority::{Authority, Read},
    bounds,
};
use crate::secret::Secret;

impl Authority {
    pub(super) fn updated(
        &self,
        read: &Read,
        update: KeyUpdate,
    ) -> Result<KeyWrite, KeyAdminError> {
        let old = read.key.record();
        let bounds = self.bounds(read.own.as_ref());
        if let Some(bounds) = &bounds {
            bounds.check(old)?;
        }
        if update.credits.is_some() {
            if !old.is_metered() {
                return Err(KeyAdminError::Conflict(
                    "the key was made without credits and has none for good: make another",
                ));
            }
            if let Some(bounds) = &bounds {
                bounds.check_credits()?;
            }
        }
        let gives_more = update.owner.is_some()
            || update.tenant.is_some()
            || update.scopes.is_some()
            || update.metadata.is_some()
            || update.limit.is_some()
            || update.credits.is_some();
        let settings = self.backend().settings();
        let mut new = old.clone();
        if let Some(name) = update.name {
            new.name = name.into();
        }
        if let Some(owner) = update.owner {
            new.owner = Some(bounds::normal_owner(owner, settings));
        }
        if let Some(tenant) = update.tenant {
            new.tenant = tenant.map(Into::into);
        }
        if let Some(scopes) = update.scopes {
            new.scopes = scopes.into_iter().map(Into::into).collect();
        }
        if let Some(metadata) = update.metadata {
            new.metadata = metadata;
        }
        if let Some(limit) = update.limit {
            new.limit = limit;
        }
        let unrevokes = update.unrevoke && new.revoked.take().is_some();
        let lives_longer = update.expiry.is_some() || unrevokes;
        if let Some(expiry) = update.expiry {
            new.expires_at = expiry.map(|expiry| expiry.from(read.now));
        }
        if lives_longer {
            self.bound_expiry(&mut new, read.own.as_ref(), read.now)?;
        } else if gives_more && let Some(bounds) = &bounds {
            bounds.check_lifetime(&new)?;
        }
        self.check_owner(&new)?;
        if let Some(bounds) = &bounds {
            bounds.check(&new)?;
        }
        let action = match unrevokes {
            true => KeyAction::Unrevoke,
            false => KeyAction::Update,
        };
        let change = Change::Update {
            at: read.key.revision(),
            record: Box::new(new),
            credits: update.credits,
            action,
            gives_more: gives_more || lives_longer,
        };
        self.change(read.own.as_ref(), change)
    }

    pub(super) fn rotated(
        &self,
        read: &Read,
        overlap: Duration,
        secret: &Secret,
    ) -> Result<KeyWrite, KeyAdminError> {
        let mut old = read.key.record().clone();
        if let Some(bounds) = self.bounds(read.own.as_ref()) {
            bounds.check(&old)?;
        }
        if old.successor.is_some() {
            return Err(KeyAdminError::Conflict(
                "the key has a successor: rotate that one",
            ));
        }
        if !old.is_live(read.now) {
            return Err(KeyAdminError::Conflict(
                "the key is revoked or expired: make another",
            ));
        }
        let settings = self.backend().settings();
        let id = KeyId::generate(read.now)?;
        let mut new = KeyRecord {
            id: id.clone(),
            start: settings.format.start_of(secret),
            // A key that stands for itself is owned by its own id, which the successor keeps.
            owner: Some(bounds::effective_owner(&old, settings)),
            imported: false,
            created_at: read.now,
            created_by: self.actor(read.own.as_ref()),
            ..old.clone()
        };
        self.bound_expiry(&mut new, read.own.as_ref(), read.now)?;
        let last = read.now.saturating_add(overlap);
        old.expires_at = Some(old.expires_at.map_or(last, |at| at.min(last)));
        old.successor = Some(id);
        let change = Change::Rotate {
            at: read.key.revision(),
            old: Box::new(old),
            new: Box::new(new),
            digest: KeyDigest::of_key(secret.expose().as_bytes()),
        };
        self.change(read.own.as_ref(), change)
    }
}
