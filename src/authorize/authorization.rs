//! The answer of an authorizer.

use crate::{answer::Answer, error::AuthError};

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
pub type Authorization = Answer<Result<(), AuthError>>;
