//! Routers behind a layer, callers to ask them, and authorizers that answer as told.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::any};
use tower_auth::{
    AuthContext, AuthError, AuthLayer,
    authorize::{Authorizer, async_authorizer_fn, authorizer_fn},
    jose::Algorithm,
    provider::JwtAuth,
    testing::{self, ManualClock},
};

use crate::authorize::{
    common::answer::{Answer, request, send, witness},
    jose::{NOW, key, token},
};

/// A caller whom code or a key record gave these scopes.
pub fn ada(scopes: &[&str]) -> AuthContext {
    AuthContext::new("ada")
        .with_method("api_key")
        .with_scopes(scopes)
}

/// A caller whose verified token claims these scopes.
pub fn token_holder(scopes: &str) -> AuthContext {
    let claims = serde_json::json!({ "sub": "ada", "exp": NOW + 600, "scope": scopes });
    let token = token(Algorithm::HS256, r#"{"alg":"HS256"}"#, claims.to_string());
    JwtAuth::new(key(Algorithm::HS256))
        .with_clock(ManualClock::at_unix(NOW).clock())
        .verify(&token)
        .unwrap()
}

/// The layer that lets everybody in as that caller.
pub fn signed_in(caller: &AuthContext) -> AuthLayer {
    AuthLayer::new(testing::accept(caller.clone()))
}

/// A router with `/run`, to be put behind layers.
pub fn run() -> Router {
    Router::new().route("/run", any(witness))
}

pub async fn get(app: &Router, path: &str) -> Answer {
    send(app, request("GET", path, &[])).await
}

/// What an answer an authorizer gives when it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Allow,
    Scope,
    Forbid,
    Hide,
    Throttle,
    Fail,
    Panic,
}

pub const EVERY_ANSWER: [Told; 7] = [
    Told::Allow,
    Told::Scope,
    Told::Forbid,
    Told::Hide,
    Told::Throttle,
    Told::Fail,
    Told::Panic,
];

impl Told {
    pub fn answer(self) -> Result<(), AuthError> {
        match self {
            Self::Allow => Ok(()),
            Self::Scope => Err(AuthError::insufficient_scope("told")),
            Self::Forbid => Err(AuthError::forbidden("told")),
            Self::Hide => Err(AuthError::not_found("told")),
            Self::Throttle => Err(AuthError::throttled(std::time::Duration::from_secs(9))),
            Self::Fail => Err(AuthError::unavailable("told")),
            Self::Panic => panic!("told"),
        }
    }

    /// The status that a caller sees.
    pub fn status(self) -> u16 {
        match self {
            Self::Allow => 200,
            Self::Scope | Self::Forbid => 403,
            Self::Hide => 404,
            Self::Throttle => 429,
            Self::Fail | Self::Panic => 503,
        }
    }

    pub fn at_once(self) -> Arc<dyn Authorizer> {
        Arc::new(authorizer_fn(move |_: &AuthContext, _: &str, _: &str| {
            self.answer()
        }))
    }

    pub fn later(self) -> Arc<dyn Authorizer> {
        Arc::new(async_authorizer_fn(
            move |_: AuthContext, _: String, _: String| async move {
                tokio::task::yield_now().await;
                self.answer()
            },
        ))
    }
}

/// An authorizer that notes what it is asked and allows it.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub fn authorizer(&self) -> impl Authorizer + Clone + use<> {
        let asked = Arc::clone(&self.0);
        authorizer_fn(move |caller: &AuthContext, resource: &str, action: &str| {
            let line = format!("{} {action} {resource}", caller.user_id());
            asked.lock().unwrap().push(line);
            Ok(())
        })
    }

    /// What was asked since this was called last.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
