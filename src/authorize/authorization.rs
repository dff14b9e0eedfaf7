//! An answer, given at once or later.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use crate::AuthError;

/// An owned future of an answer.
pub type BoxFuture = Pin<Box<dyn Future<Output = Result<(), AuthError>> + Send>>;

/// An authorizer's answer: ready at once, or pending.
///
/// - `Ok(())`: allowed.
/// - `Err` of a kind that [is a denial](AuthError::is_denial): the caller may not.
/// - any other `Err`: the question could not be answered.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, authorize::{Authorizer, by_scope}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let caller = AuthContext::new("ada").with_scopes(["graph:read"]);
/// assert!(by_scope().authorize(&caller, "graph", "read").await.is_ok());
/// assert!(by_scope().authorize(&caller, "graph", "invoke").await.is_err());
/// # });
/// ```
#[must_use = "an answer that nobody reads allows nothing"]
pub enum Authorization {
    /// Answered at once: no boxed future.
    Ready(Result<(), AuthError>),
    /// Has to wait; the future owns what it needs.
    Pending(BoxFuture),
}

impl Authorization {
    /// An answer that has to wait.
    pub fn pending(future: impl Future<Output = Result<(), AuthError>> + Send + 'static) -> Self {
        Self::Pending(Box::pin(future))
    }
}

impl From<Result<(), AuthError>> for Authorization {
    fn from(result: Result<(), AuthError>) -> Self {
        Self::Ready(result)
    }
}

impl IntoFuture for Authorization {
    type Output = Result<(), AuthError>;
    type IntoFuture = AuthorizationFuture;

    fn into_future(self) -> AuthorizationFuture {
        AuthorizationFuture(match self {
            Self::Ready(result) => State::Ready(Some(result)),
            Self::Pending(future) => State::Pending(future),
        })
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(result) => f.debug_tuple("Ready").field(result).finish(),
            Self::Pending(_) => f.write_str("Pending(…)"),
        }
    }
}

/// The future of an [`Authorization`].
pub struct AuthorizationFuture(State);

enum State {
    Ready(Option<Result<(), AuthError>>),
    Pending(BoxFuture),
}

impl Future for AuthorizationFuture {
    type Output = Result<(), AuthError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Pending(future) => future.as_mut().poll(cx),
            State::Ready(result) => Poll::Ready(
                result
                    .take()
                    .unwrap_or_else(|| Err(AuthError::forbidden("polled_again"))),
            ),
        }
    }
}

impl fmt::Debug for AuthorizationFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationFuture(…)")
    }
}
