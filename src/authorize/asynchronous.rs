//! Authorizers that are written as an `async fn`.

use std::{future::Future, sync::Arc};

use super::{Authorization, Authorizer};
use crate::{context::AuthContext, error::AuthError};

/// An authorizer written as one `async fn`.
///
/// The method takes owned values, so its future borrows nothing. The layers take the authorizer
/// without a wrapper; to call [`check`](Authorizer::check) in a handler, wrap it in [`Awaited`].
///
/// # Example
///
/// ```
/// use std::{io, sync::Arc};
/// use tower_auth::{AuthContext, AuthError, authorize::{AsyncAuthorizer, AuthorizeLayer}};
///
/// struct Grants; // your database pool stands here
///
/// impl AsyncAuthorizer for Grants {
///     async fn authorize(
///         self: Arc<Self>,
///         caller: AuthContext,
///         resource: String,
///         action: String,
///     ) -> Result<(), AuthError> {
///         match self.has(caller.user_id(), &resource, &action).await {
///             Ok(true) => Ok(()),
///             Ok(false) => Err(AuthError::forbidden("no_grant")),
///             Err(error) => Err(AuthError::unavailable(error)),
///         }
///     }
/// }
///
/// impl Grants {
///     async fn has(&self, user: &str, _: &str, _: &str) -> io::Result<bool> {
///         Ok(user == "ada")
///     }
/// }
///
/// let layer = AuthorizeLayer::new(Grants, "agent:{id}", "invoke")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub trait AsyncAuthorizer: Send + Sync + 'static {
    /// Decides whether the caller may do this, as [`Authorizer::authorize`] does.
    fn authorize(
        self: Arc<Self>,
        caller: AuthContext,
        resource: String,
        action: String,
    ) -> impl Future<Output = Result<(), AuthError>> + Send;

    /// The name that the log shows.
    fn name(&self) -> &'static str {
        "custom"
    }
}

impl<A: AsyncAuthorizer> AsyncAuthorizer for Arc<A> {
    fn authorize(
        self: Arc<Self>,
        caller: AuthContext,
        resource: String,
        action: String,
    ) -> impl Future<Output = Result<(), AuthError>> + Send {
        A::authorize(Arc::clone(&self), caller, resource, action)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }
}

/// An [`AsyncAuthorizer`] as an [`Authorizer`].
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use tower_auth::{AuthContext, AuthError, authorize::{AsyncAuthorizer, Authorizer, Awaited}};
///
/// struct Nobody;
///
/// impl AsyncAuthorizer for Nobody {
///     async fn authorize(
///         self: Arc<Self>, _: AuthContext, _: String, _: String,
///     ) -> Result<(), AuthError> {
///         Err(AuthError::forbidden("nobody"))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let nobody = Awaited::new(Nobody);
/// assert!(nobody.check(&AuthContext::new("ada"), "graph", "read").await.is_err());
/// # });
/// ```
#[derive(Debug)]
pub struct Awaited<A>(Arc<A>);

impl<A> Awaited<A> {
    /// Wraps an asynchronous authorizer.
    pub fn new(authorizer: A) -> Self {
        Self(Arc::new(authorizer))
    }
}

impl<A> Clone for Awaited<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: AsyncAuthorizer> Authorizer for Awaited<A> {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        let authorizer = Arc::clone(&self.0);
        let (caller, resource, action) = (caller.clone(), resource.to_owned(), action.to_owned());
        Authorization::pending(async move { authorizer.authorize(caller, resource, action).await })
    }

    fn name(&self) -> &'static str {
        self.0.name()
    }
}

/// The argument of [`AuthorizeLayer`](super::AuthorizeLayer) and of the combinations: an
/// [`Authorizer`] or an [`AsyncAuthorizer`].
///
/// The compiler infers `Form`, which tells the two apart; your code never names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an authorizer",
    note = "implement `Authorizer` (answers at once) or `AsyncAuthorizer` (an `async fn`) for it",
    note = "a closure becomes an authorizer through `authorizer_fn` or `async_authorizer_fn`"
)]
pub trait IntoAuthorizer<Form> {
    /// Converts this authorizer into a shared [`Authorizer`].
    fn into_authorizer(self) -> Arc<dyn Authorizer>;
}

/// The form of an authorizer that answers at once.
#[derive(Debug)]
pub struct AtOnce(());

/// The form of an authorizer that has to wait.
#[derive(Debug)]
pub struct Later(());

impl<A: Authorizer> IntoAuthorizer<AtOnce> for A {
    fn into_authorizer(self) -> Arc<dyn Authorizer> {
        Arc::new(self)
    }
}

impl<A: AsyncAuthorizer> IntoAuthorizer<Later> for A {
    fn into_authorizer(self) -> Arc<dyn Authorizer> {
        Arc::new(Awaited::new(self))
    }
}
