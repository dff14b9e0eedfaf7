//! An answer, given at once or later.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use crate::{AuthContext, AuthError};

/// What a provider answers.
///
/// - `Ok(Some(context))`: accepted.
/// - `Ok(None)`: no credential of mine is here.
/// - `Err(error)`: one is here and is wrong, or it could not be checked.
pub type AuthResult = Result<Option<AuthContext>, AuthError>;

/// An owned future of an answer.
pub type BoxFuture = Pin<Box<dyn Future<Output = AuthResult> + Send>>;

/// A provider's answer: ready at once, or pending.
///
/// Awaiting it gives the answer either way, so a handler can ask the chain that the layer uses.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthRequest, Message, provider::{AllowlistAuth, AuthProvider}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let allowed = AllowlistAuth::on_platforms(["telegram"], ["42"])?;
/// let message = Message::new("telegram").with_user_id(42);
/// let caller = allowed.authenticate(&AuthRequest::message(&message)).await.unwrap();
/// assert_eq!(caller.unwrap().user_id(), "42");
/// # Ok::<(), tower_auth::ConfigError>(())
/// # }).unwrap();
/// ```
#[must_use = "an answer that nobody reads lets nobody in"]
pub enum Authentication {
    /// Answered at once: no boxed future.
    Ready(AuthResult),
    /// Has to wait; the future owns what it needs.
    Pending(BoxFuture),
}

impl Authentication {
    /// An answer that has to wait.
    pub fn pending(future: impl Future<Output = AuthResult> + Send + 'static) -> Self {
        Self::Pending(Box::pin(future))
    }
}

impl From<AuthResult> for Authentication {
    fn from(result: AuthResult) -> Self {
        Self::Ready(result)
    }
}

impl IntoFuture for Authentication {
    type Output = AuthResult;
    type IntoFuture = AuthenticationFuture;

    fn into_future(self) -> AuthenticationFuture {
        AuthenticationFuture(match self {
            Self::Ready(result) => State::Ready(Some(result)),
            Self::Pending(future) => State::Pending(future),
        })
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(result) => f.debug_tuple("Ready").field(result).finish(),
            Self::Pending(_) => f.write_str("Pending(…)"),
        }
    }
}

/// The future of an [`Authentication`].
pub struct AuthenticationFuture(State);

enum State {
    Ready(Option<AuthResult>),
    Pending(BoxFuture),
}

impl Future for AuthenticationFuture {
    type Output = AuthResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<AuthResult> {
        match &mut self.0 {
            State::Pending(future) => future.as_mut().poll(cx),
            State::Ready(result) => Poll::Ready(result.take().unwrap_or(Ok(None))),
        }
    }
}

impl fmt::Debug for AuthenticationFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationFuture(…)")
    }
}
