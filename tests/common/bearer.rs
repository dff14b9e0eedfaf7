//! Asking a provider about a bearer token.

use http::{Request, header};
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, AuthRequest, AuthResult,
    provider::{AuthProvider, Authentication},
};

pub fn bearing(token: &str) -> Request<()> {
    Request::builder()
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(())
        .unwrap()
}

pub fn authenticate(provider: &impl AuthProvider, token: &str) -> Authentication {
    provider.authenticate(&AuthRequest::from(&bearing(token)))
}

pub async fn ask(provider: &impl AuthProvider, token: &str) -> AuthResult {
    authenticate(provider, token).await
}

pub async fn accepted(provider: &impl AuthProvider, token: &str) -> AuthContext {
    ask(provider, token).await.unwrap().expect("it is mine")
}

pub async fn refused(provider: &impl AuthProvider, token: &str) -> AuthError {
    ask(provider, token).await.unwrap_err()
}

/// The reason in the log of a refusal with 401.
pub async fn reason(provider: &impl AuthProvider, token: &str) -> String {
    let error = refused(provider, token).await;
    assert_eq!(error.kind(), AuthErrorKind::InvalidCredential, "{error:?}");
    error.reason().to_owned()
}

/// The reason in the log of an answer with 503.
pub async fn unavailable(provider: &impl AuthProvider, token: &str) -> String {
    let error = refused(provider, token).await;
    assert_eq!(error.kind(), AuthErrorKind::Unavailable, "{error:?}");
    error.reason().to_owned()
}
