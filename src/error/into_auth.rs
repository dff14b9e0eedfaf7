//! Errors that `?` turns into an [`AuthError`].

use super::AuthError;

/// An error with a known meaning for the caller, so that `?` turns it into an [`AuthError`].
///
/// Implement it for an error type of your own. Convert an error of another crate where it occurs:
/// `.map_err(AuthError::unavailable)?` if the check failed (503), and
/// `.map_err(|_| AuthError::invalid_credential("reason"))?` if the credential is wrong (401).
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, AuthError, AuthResult, IntoAuthError};
///
/// enum SessionError {
///     DatabaseAway(std::io::Error),
///     LoggedOut,
/// }
///
/// impl IntoAuthError for SessionError {
///     fn into_auth_error(self) -> AuthError {
///         match self {
///             Self::DatabaseAway(error) => AuthError::unavailable(error),
///             Self::LoggedOut => AuthError::invalid_credential("logged_out"),
///         }
///     }
/// }
///
/// fn user(token: &str) -> Result<String, SessionError> {
///     # let _ = token;
///     Err(SessionError::LoggedOut)
/// }
///
/// fn check(token: &str) -> AuthResult {
///     Ok(Some(AuthContext::new(user(token)?)))
/// }
/// assert_eq!(check("7f").unwrap_err().status(), 401);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it means for the caller",
    label = "write `.map_err(AuthError::unavailable)?` where nothing could be checked (503), or \
             `.map_err(|_| AuthError::invalid_credential(\"reason\"))?` where the credential is wrong (401)",
    note = "for an error type of your own, implement `IntoAuthError`: `?` uses it then"
)]
pub trait IntoAuthError {
    /// Converts into the error for the caller and the log.
    fn into_auth_error(self) -> AuthError;
}

impl<E: IntoAuthError> From<E> for AuthError {
    fn from(error: E) -> Self {
        error.into_auth_error()
    }
}
