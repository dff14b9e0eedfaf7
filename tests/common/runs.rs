//! Handlers that note that they ran.

use std::sync::{Arc, Mutex};

use axum::{
    extract::Request,
    response::IntoResponse,
    routing::{MethodRouter, any},
};
use tower_auth::{AuthContext, AuthLayer, provider::ApiKeyAuth};

/// The key that the layers of these tests accept.
pub const KEY: &str = "sk-live-9f";

/// A layer that accepts [`KEY`].
pub fn auth() -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap())
}

/// Which handlers ran, each as `METHOD name`; with ` as ID` where there was a context.
#[derive(Clone, Default)]
pub struct Runs(Arc<Mutex<Vec<String>>>);

impl Runs {
    /// A route for every method that notes its runs under a name, and answers with it.
    pub fn route(&self, name: &'static str) -> MethodRouter {
        any(self.handler(name))
    }

    pub fn handler(
        &self,
        name: &'static str,
    ) -> impl Fn(Request) -> std::future::Ready<axum::response::Response> + Clone + Send + Sync + 'static
    {
        let runs = self.clone();
        move |request: Request| {
            runs.note(name, &request);
            std::future::ready(name.into_response())
        }
    }

    pub fn note(&self, name: &str, request: &Request) {
        let who = request
            .extensions()
            .get::<AuthContext>()
            .map(|context| format!(" as {}", context.user_id()))
            .unwrap_or_default();
        let run = format!("{} {name}{who}", request.method());
        self.0.lock().unwrap().push(run);
    }

    /// What ran since this was asked last.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
