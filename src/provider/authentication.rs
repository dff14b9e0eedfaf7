//! The answer of a provider.

use crate::{answer::Answer, context::AuthContext, error::AuthError};

/// The result of a provider's check.
///
/// - `Ok(Some(context))`: accepted.
/// - `Ok(None)`: the request has no credential of this provider.
/// - `Err(error)`: the credential is wrong, or it could not be checked.
pub type AuthResult = Result<Option<AuthContext>, AuthError>;

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
pub type Authentication = Answer<AuthResult>;
