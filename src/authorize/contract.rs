//! The contract of authorizers.

use std::sync::Arc;

use super::{
    Authorization,
    ask::{CheckFuture, Decision, Query},
};
use crate::{
    answer::{self, Asked},
    context::AuthContext,
};

/// Decides what a caller may do.
///
/// An authorizer that panics costs the request a 503, never the process and never a grant. That
/// needs unwinding: under `panic = "abort"` the process ends.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, AuthError, authorize::{Authorization, Authorizer}};
///
/// struct ReadOnly;
///
/// impl Authorizer for ReadOnly {
///     fn authorize(&self, _: &AuthContext, _resource: &str, action: &str) -> Authorization {
///         match action {
///             "read" => Ok(()).into(),
///             _ => Err(AuthError::forbidden("read_only")).into(),
///         }
///     }
/// }
/// ```
pub trait Authorizer: Send + Sync + 'static {
    /// Answers at once, or with a future that owns its data.
    ///
    /// `Ok` allows. A denial is [`AuthError::forbidden`](crate::AuthError::forbidden),
    /// [`insufficient_scope`](crate::AuthError::insufficient_scope) or
    /// [`not_found`](crate::AuthError::not_found); if the permission could not be checked, the error
    /// is [`unavailable`](crate::AuthError::unavailable).
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization;

    /// The name that the log shows (`provider`).
    fn name(&self) -> &'static str {
        "custom"
    }

    /// Asks this authorizer in a handler, as a layer does: panics are caught, the answer is logged.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, AuthError, authorize::{Authorizer, by_scope, escape_id}};
    ///
    /// async fn delete(caller: AuthContext, id: String) -> Result<(), AuthError> {
    ///     let document = format!("document:{}", escape_id(&id));
    ///     by_scope().check(&caller, &document, "delete").await?;
    ///     Ok(())
    /// }
    /// ```
    fn check(&self, caller: &AuthContext, resource: &str, action: &str) -> CheckFuture {
        let query = Query { resource, action };
        CheckFuture::new(ask(self, caller, query), caller, query)
    }
}

/// Asks an authorizer. A panic becomes a 503, so only `Ok` allows.
pub(super) fn ask<A: Authorizer + ?Sized>(
    authorizer: &A,
    caller: &AuthContext,
    query: Query<'_>,
) -> Asked<Decision> {
    answer::ask(
        || authorizer.name(),
        || authorizer.authorize(caller, query.resource, query.action),
    )
}

impl<A: Authorizer + ?Sized> Authorizer for Arc<A> {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        (**self).authorize(caller, resource, action)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }
}

impl<A: Authorizer + ?Sized> Authorizer for Box<A> {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        (**self).authorize(caller, resource, action)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }
}

/// The usual resources of an agent server and their actions.
///
/// These words are a convention: pass them to `Policy::add_actions`, and add those of your program.
pub const AGENT_ACTIONS: &[(&str, &[&str])] = &[
    ("graph", &["invoke", "stream", "read", "stop", "fix"]),
    ("checkpointer", &["read", "write", "delete"]),
    ("store", &["read", "write", "delete"]),
    ("files", &["upload", "read"]),
    ("config", &["read"]),
];
