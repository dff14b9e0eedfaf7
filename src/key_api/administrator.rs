//! The caller of a request as an administrator.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::refusal::Refusal;
use crate::{
    access,
    context::AuthContext,
    error::AuthError,
    event,
    keys::{KeyAdmin, KeyAdminError, ManagedKeys},
};

/// The caller, who has the scopes of `N`.
///
/// It comes before the body in the arguments of a handler: nobody else's body is read.
pub(super) struct Administrator<N> {
    pub(super) admin: KeyAdmin,
    caller: AuthContext,
    /// The request, for the word about its refusal.
    parts: Parts,
    needs: PhantomData<N>,
}

impl<N> Administrator<N> {
    pub(super) fn caller(&self) -> &AuthContext {
        &self.caller
    }

    /// Logs the refusal of an administrator's request, where it is one.
    pub(super) fn logged<T>(&self, answer: Result<T, KeyAdminError>) -> Result<T, Refusal> {
        answer.map_err(|error| {
            let refused = Err(AuthError::from(error.clone()));
            let asked = event::Permission {
                user_id: Some(self.caller.user_id()),
                ..event::Permission::default()
            };
            event::authorized(&refused, asked, access::about_parts(&self.parts));
            error.into()
        })
    }
}

/// Scopes that a request needs. [`KeyAdmin`] judges by them again, beside everything else.
pub(super) trait Needs {
    const SCOPES: &'static str;
}

pub(super) struct Read;
pub(super) struct ReadAll;
pub(super) struct Write;
pub(super) struct Import;

impl Needs for Read {
    const SCOPES: &'static str = "keys:read";
}

impl Needs for ReadAll {
    const SCOPES: &'static str = "keys:read keys:admin";
}

impl Needs for Write {
    const SCOPES: &'static str = "keys:write";
}

impl Needs for Import {
    const SCOPES: &'static str = "keys:write keys:admin";
}

impl<N: Needs> FromRequestParts<ManagedKeys> for Administrator<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, keys: &ManagedKeys) -> Result<Self, Refusal> {
        // Without an `AuthLayer` around, this is a 401 and an error in the log.
        let caller =
            <AuthContext as FromRequestParts<ManagedKeys>>::from_request_parts(parts, keys).await?;
        if caller.method() == ANONYMOUS {
            let error = AuthError::forbidden("anonymous_administrator")
                .with_message("keys are administered by a known caller: turn authentication on");
            event::refused(&error, access::about_parts(parts));
            return Err(error.into());
        }
        caller.require_scopes_about(N::SCOPES, access::about_parts(parts))?;
        Ok(Self {
            admin: keys.as_caller(&caller),
            caller,
            parts: parts.clone(),
            needs: PhantomData,
        })
    }
}

/// The method of a caller whom nobody asked.
const ANONYMOUS: &str = "anonymous";
