//! Generated routes, rules and requests: the layer's decision against what the rules say.
#![cfg(test)]
#![allow(unreachable_pub, reason = "a test file exports nothing")]

#[path = "../common/mod.rs"]
mod common;

mod model;
mod oracle;
mod paths;
mod requests;
mod world;

use axum::{Router, routing};
use common::paths_model::{Pattern, text};
use http::Request;
use tower_auth::AuthContext;

/// What ran for a request, and as whom; it rides in the response's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub route: Option<Pattern>,
    pub user: Option<String>,
}

/// Routes that answer with what they are, and a fallback that does.
fn table(routes: &[Pattern]) -> Router {
    let answer = |route: Option<Pattern>| {
        move |request: Request<axum::body::Body>| {
            let context = request.extensions().get::<AuthContext>();
            let user = context.map(|context| context.user_id().to_owned());
            std::future::ready(axum::Extension(Ran {
                route: route.clone(),
                user,
            }))
        }
    };
    let app = Router::new().fallback(answer(None));
    routes.iter().fold(app, |app, route| {
        app.route(&text(route), routing::any(answer(Some(route.clone()))))
    })
}
