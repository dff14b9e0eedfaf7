//! Nobody gives more than they have [12.2], by whatever way.

mod by_key;
mod by_token;

use tower_auth::{
    AuthContext,
    keys::{KeyAdminError, KeyRequest, MadeKey, ManagedKeys},
};

use super::kit;

/// A caller by a token, of the tenant `acme`.
pub(super) fn token(scopes: &[&str]) -> AuthContext {
    AuthContext::new("eve")
        .with_method("jwt")
        .with_issuer("https://id.example")
        .with_scopes(scopes)
        .with_claim("tenant", "acme")
}

pub(super) fn eve() -> AuthContext {
    token(&["keys:write", "keys:read", "a"])
}

pub(super) fn tenant_admin() -> AuthContext {
    token(&["keys:write", "keys:read", "keys:admin", "a"])
}

#[track_caller]
pub(super) fn forbidden<T: std::fmt::Debug>(answer: Result<T, KeyAdminError>) {
    let refused = answer.expect_err("it gives more than the caller has");
    assert!(matches!(refused, KeyAdminError::Forbidden(_)), "{refused}");
}

#[track_caller]
pub(super) fn unseen<T: std::fmt::Debug>(answer: Result<T, KeyAdminError>) {
    let refused = answer.expect_err("it is somebody else's");
    assert!(matches!(refused, KeyAdminError::NotFound), "{refused}");
}

pub(super) async fn own_key(keys: &ManagedKeys) -> MadeKey {
    let request = KeyRequest::new("own").with_scopes(["a"]);
    keys.as_caller(&eve()).create(request).await.unwrap()
}
