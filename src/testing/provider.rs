//! Providers that always say the same.

use crate::{
    context::AuthContext,
    error::AuthError,
    provider::{AuthProvider, Authentication, PrincipalSource},
    request::{AuthRequest, CredentialSource},
};

/// Makes a provider that accepts every request as that caller.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, AuthLayer, testing};
///
/// let layer = AuthLayer::new(testing::accept(AuthContext::new("ada").with_scopes(["read"])));
/// # let _ = layer;
/// ```
pub fn accept(context: AuthContext) -> Accept {
    Accept(context)
}

/// Makes a provider that refuses every request with that error.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthError, AuthLayer, testing};
///
/// let layer = AuthLayer::new(testing::refuse(AuthError::unavailable("the database is away")));
/// # let _ = layer;
/// ```
pub fn refuse(error: AuthError) -> Refuse {
    Refuse(error)
}

/// The provider that [`accept`] makes.
#[derive(Clone, Debug)]
pub struct Accept(AuthContext);

impl AuthProvider for Accept {
    fn authenticate(&self, _: &AuthRequest<'_>) -> Authentication {
        Ok(Some(self.0.clone())).into()
    }

    /// No header is read: a test says by itself who is let in.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        Vec::new()
    }

    fn name(&self) -> &'static str {
        "accept"
    }

    /// None: a test says by itself whose the callers are.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        Vec::new()
    }
}

/// The provider that [`refuse`] makes.
#[derive(Clone, Debug)]
pub struct Refuse(AuthError);

impl AuthProvider for Refuse {
    fn authenticate(&self, _: &AuthRequest<'_>) -> Authentication {
        Err(self.0.clone()).into()
    }

    /// No header is read: a test says by itself who is let in.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        Vec::new()
    }

    fn name(&self) -> &'static str {
        "refuse"
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        Vec::new()
    }
}
