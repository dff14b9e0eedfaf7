//! Generated routes, rules and requests: the layer's decision against what the rules say.

use crate::common;

mod model;
mod oracle;
mod paths;
mod requests;
mod world;

use std::future::{Ready, ready};

use axum::{Extension, Router, body::Body, routing};
use common::paths_model::{Pattern, text};
use http::Request;
use tower_auth::AuthContext;

/// What ran for a request, and as whom; it rides in the response's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub route: Option<Pattern>,
    pub user: Option<String>,
}

/// Routes that answer with what they are.
fn table(routes: &[Pattern]) -> Router {
    routes.iter().fold(Router::new(), |app, route| {
        app.route(&text(route), routing::any(answer(Some(route.clone()))))
    })
}

/// What answers for a route, or for a path that has none.
fn answer(
    route: Option<Pattern>,
) -> impl Fn(Request<Body>) -> Ready<Extension<Ran>> + Clone + Send + Sync + 'static {
    move |request| {
        let context = request.extensions().get::<AuthContext>();
        ready(Extension(Ran {
            route: route.clone(),
            user: context.map(|context| context.user_id().to_owned()),
        }))
    }
}
