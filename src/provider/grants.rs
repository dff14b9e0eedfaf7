//! The scopes and roles that one issuer's tokens may grant.

use std::sync::Arc;

use crate::{context::AuthContext, scope::Scopes};

/// The scopes and roles that tokens of one issuer may give; all of them where nothing is set.
///
/// Without this limit, each issuer of a chain could grant the scopes and roles of every other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    scopes: Option<Arc<[Box<str>]>>,
    roles: Option<Arc<[Box<str>]>>,
}

impl Grants {
    pub(crate) fn set_scopes<S: Into<String>>(&mut self, scopes: impl IntoIterator<Item = S>) {
        self.scopes = Some(list(scopes));
    }

    pub(crate) fn set_roles<S: Into<String>>(&mut self, roles: impl IntoIterator<Item = S>) {
        self.roles = Some(list(roles));
    }

    /// The scopes without those that may not be granted.
    pub(crate) fn of(&self, scopes: Scopes) -> Scopes {
        match &self.scopes {
            Some(limit) => scopes.within(limit),
            None => scopes,
        }
    }

    /// The caller with its roles limited to those that may be granted.
    pub(crate) fn limit(&self, caller: AuthContext) -> AuthContext {
        match &self.roles {
            Some(roles) => caller.with_role_limit(Arc::clone(roles)),
            None => caller,
        }
    }
}

fn list<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Arc<[Box<str>]> {
    names
        .into_iter()
        .map(|name| name.into().into_boxed_str())
        .collect()
}
