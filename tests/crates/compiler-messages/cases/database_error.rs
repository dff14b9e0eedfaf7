//~ write `.map_err(AuthError::unavailable)?` where nothing could be checked (503)
//~ `.map_err(|_| AuthError::invalid_credential("reason"))?` where the credential is wrong (401)
use std::sync::Arc;
use tower_auth::{AuthContext, AuthRequestBuf, AuthResult, provider::AsyncAuthProvider};

#[derive(Debug)]
struct DatabaseError;

fn user(_: &str) -> Result<Option<String>, DatabaseError> {
    Err(DatabaseError)
}

struct Sessions;

impl AsyncAuthProvider for Sessions {
    async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
        let Some(token) = request.header("x-session") else {
            return Ok(None);
        };
        Ok(user(token)?.map(AuthContext::new))
    }
}

fn main() {}
