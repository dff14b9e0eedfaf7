//! The administrator of keys, and its permissions.

use std::time::Duration;

use super::{
    Change, KeyActor, KeyAdminError, KeyDigest, KeyId, KeyLookup, KeyOwner, KeyRecord, KeyWrite,
    Revision, StoredKey, Timestamp,
    backend::Backend,
    bounds::{self, Bounds},
    revocable::{LEEWAY, RevocableCaller},
};
use crate::{context::AuthContext, hex, polling::ask};

/// An administrator, and the keys to administer.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    backend: Backend,
    administrator: Administrator,
    /// The only revision at which a key may be changed, if there is one.
    revision: Option<Revision>,
}

#[derive(Clone, Debug)]
enum Administrator {
    Operator(Box<str>),
    Caller(AuthContext),
}

/// A key as it was read, the store's time of the read, and the caller's own key.
pub(super) struct Read {
    pub(super) key: StoredKey,
    pub(super) own: Option<StoredKey>,
    pub(super) now: Timestamp,
}

impl Authority {
    pub(super) fn of_caller(backend: Backend, caller: &AuthContext) -> Self {
        Self {
            backend,
            administrator: Administrator::Caller(caller.clone()),
            revision: None,
        }
    }

    pub(super) fn of_operator(backend: Backend, name: String) -> Self {
        Self {
            backend,
            administrator: Administrator::Operator(name.into()),
            revision: None,
        }
    }

    pub(super) fn at_revision(self, revision: Revision) -> Self {
        Self {
            revision: Some(revision),
            ..self
        }
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }

    pub(super) fn is_operator(&self) -> bool {
        matches!(self.administrator, Administrator::Operator(_))
    }

    pub(super) fn check_revision(&self, read: &Read) -> Result<(), KeyAdminError> {
        match self.revision {
            Some(revision) if revision != read.key.revision() => Err(KeyAdminError::Stale),
            _ => Ok(()),
        }
    }

    /// A key that the caller may see.
    pub(super) async fn read(
        &self,
        id: &KeyId,
        scope: &'static str,
    ) -> Result<Read, KeyAdminError> {
        let (own, _) = self.own(scope).await?;
        let found = ask(LIMIT, || {
            self.backend.store().find(KeyLookup::Id(id.clone()))
        })
        .await?;
        let key = found.value.ok_or(KeyAdminError::NotFound)?;
        if let Some(bounds) = self.bounds(own.as_ref())
            && !bounds.may_see(key.record())?
        {
            return Err(KeyAdminError::NotFound);
        }
        let now = found.now;
        Ok(Read { key, own, now })
    }

    /// The caller's own key as the store has it now, and the store's time: a new key is compared with
    /// that record, not with the one that the request was accepted with.
    pub(super) async fn own(
        &self,
        scope: &'static str,
    ) -> Result<(Option<StoredKey>, Timestamp), KeyAdminError> {
        let own = match &self.administrator {
            Administrator::Operator(_) => None,
            Administrator::Caller(caller) => {
                if !caller.scopes().contains(scope) {
                    return Err(KeyAdminError::Forbidden(match scope {
                        READ => "this needs the scope keys:read",
                        _ => "this needs the scope keys:write",
                    }));
                }
                caller.own_charge().map(|shown| shown.credential())
            }
        };
        let Some((store, id)) = own else {
            // For the store's time only.
            let id = KeyId::new("");
            let found = ask(LIMIT, || self.backend.store().find(KeyLookup::Id(id))).await?;
            return Ok((None, found.now));
        };
        if store != self.backend.store_address() {
            return Err(KeyAdminError::Forbidden("your own key is of another store"));
        }
        let id = KeyId::new(id);
        let found = ask(LIMIT, || self.backend.store().find(KeyLookup::Id(id))).await?;
        let own = found
            .value
            .filter(|own| own.record().is_live(found.now) && own.record().grants(scope))
            .ok_or(KeyAdminError::Forbidden(
                "your own key does not count any more",
            ))?;
        // It may have been given to another owner or tenant since the request showed it.
        if let Some(bounds) = self.bounds(Some(&own))
            && !bounds.may_see(own.record())?
        {
            return Err(KeyAdminError::Forbidden(
                "your own key stands for somebody else now: send the request again",
            ));
        }
        Ok((Some(own), found.now))
    }

    pub(super) fn bounds<'a>(&'a self, own: Option<&'a StoredKey>) -> Option<Bounds<'a>> {
        match &self.administrator {
            Administrator::Operator(_) => None,
            Administrator::Caller(caller) => Some(Bounds {
                caller,
                own,
                settings: self.backend.settings(),
            }),
        }
    }

    /// A change on behalf of the caller, which their own key must still be good for when it is
    /// carried out, and which no revocation may have ended until then.
    pub(super) fn change(
        &self,
        own: Option<&StoredKey>,
        change: Change,
    ) -> Result<KeyWrite, KeyAdminError> {
        let write = KeyWrite::new(self.actor(own), change).on_behalf_of(own);
        let Administrator::Caller(caller) = &self.administrator else {
            return Ok(write);
        };
        let list = caller.revoker().map(|revoker| revoker.list());
        let leeway = list.map_or(LEEWAY, |list| list.leeway());
        let caller = RevocableCaller::of(caller, self.backend.store_address(), leeway);
        let caller = caller.map_err(|_| {
            // It may be the tenant of a revocation.
            KeyAdminError::Forbidden("your own tenant is not a text")
        })?;
        Ok(write.of_caller(caller))
    }

    /// The caller, where the layer holds them to revocations that this key store does not keep.
    pub(super) fn held_elsewhere(&self) -> Option<&AuthContext> {
        let Administrator::Caller(caller) = &self.administrator else {
            return None;
        };
        let store = caller.revoker()?.list().store();
        (store != Some(self.backend.store_address())).then_some(caller)
    }

    pub(super) fn actor(&self, own: Option<&StoredKey>) -> KeyActor {
        match &self.administrator {
            Administrator::Operator(name) => KeyActor::Operator(name.clone()),
            Administrator::Caller(caller) => KeyActor::Caller {
                principal: caller.principal().into_owned(),
                key: own.map(|own| own.record().id().clone()),
            },
        }
    }

    /// One text for each administrator, tenant, digest that is imported and idempotency key.
    pub(super) fn idempotency(&self, key: &str, imported: Option<KeyDigest>) -> Box<str> {
        let who = match &self.administrator {
            Administrator::Operator(name) => format!("operator {name}"),
            Administrator::Caller(caller) => {
                KeyOwner::Principal(caller.principal().into_owned()).to_text()
            }
        };
        let tenant = match &self.administrator {
            Administrator::Operator(_) => None,
            Administrator::Caller(caller) => caller.metadata().get("tenant").cloned(),
        };
        let imported = imported.map(|digest| hex::encode(digest.as_bytes()));
        // JSON, so that no member can pass for a part of its neighbour.
        let all = serde_json::json!([who, tenant, imported, key]).to_string();
        hex::encode(KeyDigest::of_key(all.as_bytes()).as_bytes()).into()
    }

    /// Requires that the program knows the method of the key's owner.
    pub(super) fn check_owner(&self, record: &KeyRecord) -> Result<(), KeyAdminError> {
        let methods = &self.backend.settings().owner_methods;
        match record.owner() {
            Some(KeyOwner::Principal(owner)) if !methods.contains(owner.method()) => {
                Err(KeyAdminError::Invalid(
                    "the owner's method is none of this program's providers: add it with \
                     add_owner_method, or to `owner_methods` of a file"
                        .into(),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Requires that the key does not outlive its bound; a key without an expiry gets the bound as its
    /// expiry.
    pub(super) fn bound_expiry(
        &self,
        record: &mut KeyRecord,
        own: Option<&StoredKey>,
        now: Timestamp,
    ) -> Result<(), KeyAdminError> {
        let Some(last) = bounds::last_expiry(own, self.backend.settings(), now) else {
            return Ok(());
        };
        match record.expires_at {
            Some(at) if at > last => Err(KeyAdminError::Forbidden(match own {
                Some(_) => "the key would outlive your own",
                None => "the key would live longer than keys may here",
            })),
            at => {
                record.expires_at = Some(at.unwrap_or(last));
                Ok(())
            }
        }
    }
}

pub(super) const READ: &str = "keys:read";
pub(super) const WRITE: &str = "keys:write";
/// The time limit of a store for one step.
pub(super) const LIMIT: Duration = Duration::from_secs(5);
