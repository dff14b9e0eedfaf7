//! The bounds of an administrator [12.2]: nobody gets more than the administrator has.
//!
//! Every rule about these bounds is in this file; a store knows none.

use serde_json::Value;

use super::{
    KeyAdminError, KeyOwner, KeyRecord, StoredKey, Timestamp, held::NAME, settings::Settings,
};
use crate::context::{AuthContext, Principal};

/// The permissions of a caller, to compare keys with.
pub(super) struct Bounds<'a> {
    pub(super) caller: &'a AuthContext,
    /// The caller's own key in this store, if the request came with one.
    pub(super) own: Option<&'a StoredKey>,
    pub(super) settings: &'a Settings,
}

impl Bounds<'_> {
    /// Whether the bounds of owner and tenant are lifted.
    pub(super) fn is_admin(&self) -> bool {
        self.has_scope("keys:admin")
    }

    /// Whether the caller has a scope, both by the request and by the current record of their key.
    fn has_scope(&self, scope: &str) -> bool {
        let own = self.own.map(StoredKey::record);
        self.caller.scopes().contains(scope) && own.is_none_or(|own| own.grants(scope))
    }

    /// The owner of the keys that this caller makes.
    pub(super) fn owner(&self) -> KeyOwner {
        normal(self.caller.principal().into_owned(), self.settings)
    }

    /// The caller's tenant.
    pub(super) fn tenant(&self) -> Result<Option<Box<str>>, KeyAdminError> {
        let tenant = self.caller.claim::<String>("tenant");
        let tenant = tenant.map_err(|_| forbidden("your own tenant is not a text"))?;
        Ok(tenant.map(Into::into))
    }

    /// Whether the caller may see a key.
    pub(super) fn may_see(&self, record: &KeyRecord) -> Result<bool, KeyAdminError> {
        let is_own = || effective_owner(record, self.settings) == self.owner();
        Ok(self.is_admin() || (is_own() && record.tenant == self.tenant()?))
    }

    /// Requires that a key gives nobody more than the caller has; its lifetime is checked elsewhere.
    pub(super) fn check(&self, record: &KeyRecord) -> Result<(), KeyAdminError> {
        if !record.scopes().all(|scope| self.has_scope(scope)) {
            return Err(forbidden(
                "the key has a scope that you do not have, and nobody gives what they lack: leave it out, \
                 or have an operator give it to you first",
            ));
        }
        if !self.is_admin() {
            if effective_owner(record, self.settings) != self.owner() {
                return Err(forbidden(
                    "the key stands for somebody else: that needs keys:admin",
                ));
            }
            if record.tenant != self.tenant()? {
                return Err(forbidden(
                    "the key is of another tenant: that needs keys:admin",
                ));
            }
        }
        self.check_metadata(record)?;
        let Some(own) = self.own.map(StoredKey::record) else {
            return Ok(());
        };
        if own.is_metered() && (!record.is_metered() || record.account() != own.account()) {
            return Err(forbidden("the key does not share your credits"));
        }
        if let Some(limit) = own.limit() {
            let is_within = record.limit().is_some_and(|other| other.is_within(limit));
            if !is_within || record.account() != own.account() {
                return Err(forbidden("the key is not within your own limit"));
            }
        }
        Ok(())
    }

    /// Claims may be permissions: metadata that is not free must be the caller's own.
    fn check_metadata(&self, record: &KeyRecord) -> Result<(), KeyAdminError> {
        if self.has_scope("*") {
            return Ok(());
        }
        let shown = self.caller.metadata();
        let now = self.own.map(|own| own.record().metadata());
        let has = |name: &str, value: &Value| {
            let is_shown = shown.get(name).is_some_and(|own| is_part(value, own));
            let is_so_now =
                now.is_none_or(|now| now.get(name).is_some_and(|own| is_part(value, own)));
            is_shown && is_so_now && self.may_hold(name, value)
        };
        let mut metadata = record.metadata().iter();
        let is_free = |name: &str| self.settings.free_metadata.contains(name);
        match metadata.all(|(name, value)| is_free(name) || has(name, value)) {
            true => Ok(()),
            false => Err(forbidden("the key has metadata that you may not give")),
        }
    }

    /// A provider may limit which of the roles in its claims count: those that do not are not had.
    /// Roles may stand in any claim, so with a limit only the two plain ones can be judged.
    fn may_hold(&self, name: &str, value: &Value) -> bool {
        match name {
            "roles" => {}
            // Beside `roles` it gives the caller nothing; alone it would.
            "role" if self.caller.metadata().contains_key("roles") => return false,
            "role" => {}
            _ => return !self.caller.has_role_limit(),
        }
        let may_hold = |roles: &str| {
            let mut roles = roles.split(' ').filter(|role| !role.is_empty());
            roles.all(|role| self.caller.may_hold_role(role))
        };
        match value {
            Value::String(roles) => may_hold(roles),
            Value::Array(roles) => {
                let mut roles = roles.iter().map(Value::as_str);
                roles.all(|role| role.is_some_and(|role| self.caller.may_hold_role(role)))
            }
            _ => false,
        }
    }

    /// That a caller's own key, which ends, moves nothing to a key that ends later. The other key
    /// keeps its end: it may be in use.
    pub(super) fn check_lifetime(&self, record: &KeyRecord) -> Result<(), KeyAdminError> {
        let Some(last) = self.own.and_then(|own| own.record().expires_at()) else {
            return Ok(());
        };
        match record.expires_at() {
            Some(at) if at <= last => Ok(()),
            _ => Err(forbidden(
                "the key outlives your own: give it an end that is no later than yours",
            )),
        }
    }

    /// That a key gives credits only where it does not join the account of the caller's own key:
    /// there they would be the caller's.
    pub(super) fn check_credits(&self) -> Result<(), KeyAdminError> {
        match self.shares_account() {
            true => Err(forbidden(
                "your keys share your own limit and credits: leave credits out",
            )),
            false => Ok(()),
        }
    }

    /// Whether what the caller's keys spend is the caller's own: many keys of theirs are no more
    /// than one.
    pub(super) fn shares_account(&self) -> bool {
        let own = self.own.map(StoredKey::record);
        own.is_some_and(|own| own.is_metered() || own.limit().is_some())
    }
}

/// The latest expiry of a key, if there is one.
pub(super) fn last_expiry(
    own: Option<&StoredKey>,
    settings: &Settings,
    now: Timestamp,
) -> Option<Timestamp> {
    match own {
        Some(own) => own.record().expires_at(),
        None => settings.max_lifetime.map(|limit| now.saturating_add(limit)),
    }
}

/// The owner of a key, in one form for each owner.
pub(super) fn effective_owner(record: &KeyRecord, settings: &Settings) -> KeyOwner {
    match record.owner() {
        None => KeyOwner::UserId(record.id().as_str().into()),
        Some(owner) => normal_owner(owner.clone(), settings),
    }
}

pub(super) fn normal_owner(owner: KeyOwner, settings: &Settings) -> KeyOwner {
    match owner {
        KeyOwner::Principal(principal) => normal(principal, settings),
        own => own,
    }
}

/// A principal of this store is written as its user id.
fn normal(principal: Principal<'static>, settings: &Settings) -> KeyOwner {
    if principal.method() == NAME && principal.source() == settings.own_label().as_deref() {
        return KeyOwner::UserId(principal.user_id().into());
    }
    KeyOwner::Principal(principal)
}

/// Whether a claim gives nothing beyond another: it is equal, or a part of a list.
fn is_part(value: &Value, of: &Value) -> bool {
    match (value, of) {
        (Value::Array(some), Value::Array(all)) => some.iter().all(|one| all.contains(one)),
        (one, Value::Array(all)) => all.contains(one),
        (one, other) => one == other,
    }
}

fn forbidden(why: &'static str) -> KeyAdminError {
    KeyAdminError::Forbidden(why)
}
