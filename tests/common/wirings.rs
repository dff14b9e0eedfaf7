//! Every way in which axum lets a layer stand around routes.

use std::convert::Infallible;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::Method;
use tower::{ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_auth::AuthLayer;

use super::{
    runs::{Runs, auth},
    wire,
};

pub type App = BoxCloneSyncService<Request, Response, Infallible>;

/// An app, and what a client has to know of it.
pub struct Wiring {
    pub name: &'static str,
    /// What stands before every path.
    pub prefix: &'static str,
    /// Whether the layer sees the route that was chosen: a `{param}` rule is then held to it.
    pub knows_routes: bool,
    /// Whether unknown paths are covered (not under `route_layer`, by axum's rule).
    pub covers_fallback: bool,
    pub runs: Runs,
    pub app: App,
}

impl Wiring {
    /// Nothing ran but what axum's own rule leaves uncovered, and the answer is no server error.
    pub fn refuses(&self, what: &str, target: &str, answer: &str) {
        let case = format!("{}: {what} {target}", self.name);
        let ran = self.runs.take();
        let uncovered = |run: &String| !self.covers_fallback && run.ends_with(" fallback");
        assert!(ran.iter().all(uncovered), "{case}: {ran:?} ran: {answer:?}");
        let status = wire::status(answer);
        let expected: &[u16] = if self.covers_fallback && self.prefix.is_empty() {
            &[400, 401]
        } else {
            &[200, 400, 401, 404, 405]
        };
        assert!(expected.contains(&status), "{case}: {status}");
        assert!(
            status != 200 || !ran.is_empty(),
            "{case}: answered by nobody"
        );
    }
}

/// The layer of these apps, its rules written with a prefix.
///
/// Open are `/health` (GET), `/open`, `/hooks/{source}` and `/assets/{*rest}`.
fn rules(prefix: &str) -> AuthLayer {
    let layer = auth()
        .public(format!("{prefix}/open"))
        .public(format!("{prefix}/hooks/{{source}}"))
        .public(format!("{prefix}/assets/{{*rest}}"));
    if prefix.is_empty() {
        layer
    } else {
        layer.public((Method::GET, format!("{prefix}/health").as_str()))
    }
}

/// Plain routes; `layered` stands around each single one.
fn routes(
    runs: &Runs,
    layered: impl Fn(axum::routing::MethodRouter) -> axum::routing::MethodRouter,
) -> Router {
    let nested = Router::new()
        .route("/health", layered(runs.route("nested health")))
        .route("/run", layered(runs.route("nested run")));
    Router::new()
        .route("/health", layered(runs.route("health")))
        .route("/open", layered(runs.route("open")))
        .route("/hooks/{name}", layered(runs.route("hook")))
        .route("/hooks/partner", layered(runs.route("partner")))
        .route("/assets/{*file}", layered(runs.route("asset")))
        .route("/run", layered(runs.route("run")))
        .route("/admin/{id}", layered(runs.route("admin")))
        .nest("/api", nested)
}

fn bare(runs: &Runs) -> Router {
    routes(runs, |route| route).fallback(runs.handler("fallback"))
}

fn boxed<S>(service: S) -> App
where
    S: tower::Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(service.map_response(IntoResponse::into_response))
}

pub fn all() -> Vec<Wiring> {
    let mut wirings = around_a_router();
    wirings.extend(nested());
    wirings.extend(around_services());
    wirings
}

fn around_a_router() -> Vec<Wiring> {
    vec![
        wiring("Router::layer", |runs| boxed(bare(runs).layer(rules("")))),
        Wiring {
            covers_fallback: false,
            ..wiring("Router::route_layer", |runs| {
                boxed(bare(runs).route_layer(rules("")))
            })
        },
        Wiring {
            covers_fallback: false,
            ..wiring("MethodRouter::layer", |runs| {
                let layer = rules("");
                boxed(routes(runs, move |route| route.layer(layer.clone())))
            })
        },
        Wiring {
            knows_routes: false,
            ..wiring("around the whole router", |runs| {
                boxed(ServiceBuilder::new().layer(rules("")).service(bare(runs)))
            })
        },
        wiring("merge of a layered router", |runs| {
            boxed(Router::new().merge(bare(runs).layer(rules(""))))
        }),
        wiring("layer after merge", |runs| {
            boxed(Router::new().merge(bare(runs)).layer(rules("")))
        }),
    ]
}

fn nested() -> Vec<Wiring> {
    vec![
        Wiring {
            prefix: "/v1",
            ..wiring("nest, layer inside", |runs| {
                boxed(Router::new().nest("/v1", bare(runs).layer(rules("/v1"))))
            })
        },
        Wiring {
            prefix: "/v1",
            ..wiring("nest, layer outside", |runs| {
                boxed(Router::new().nest("/v1", bare(runs)).layer(rules("/v1")))
            })
        },
        Wiring {
            prefix: "/v1",
            ..wiring("nest with a slash, layer inside", |runs| {
                boxed(Router::new().nest("/v1/", bare(runs).layer(rules("/v1"))))
            })
        },
        Wiring {
            prefix: "/t/acme",
            ..wiring("nest under a parameter, layer inside", |runs| {
                boxed(Router::new().nest("/t/{tenant}", bare(runs).layer(rules("/t/{tenant}"))))
            })
        },
        Wiring {
            prefix: "/t/acme/v1",
            covers_fallback: false,
            ..wiring("nest in a nest, layer inside", |runs| {
                let inner = Router::new().nest("/v1", bare(runs).layer(rules("/t/{tenant}/v1")));
                boxed(Router::new().nest("/t/{tenant}", inner))
            })
        },
        Wiring {
            prefix: "/v1",
            ..wiring("nest_service, layer inside", |runs| {
                boxed(Router::new().nest_service("/v1", bare(runs).layer(rules("/v1"))))
            })
        },
        Wiring {
            prefix: "/v1",
            knows_routes: false,
            ..wiring("nest_service, layer outside", |runs| {
                let app = Router::new().nest_service("/v1", bare(runs));
                boxed(app.layer(rules("/v1")))
            })
        },
        Wiring {
            prefix: "/v1",
            knows_routes: false,
            ..wiring("nest_service of a wrapped router", |runs| {
                let inner = ServiceBuilder::new()
                    .layer(rules("/v1"))
                    .service(bare(runs));
                boxed(Router::new().nest_service("/v1", boxed(inner)))
            })
        },
    ]
}

fn around_services() -> Vec<Wiring> {
    vec![
        wiring("fallback_service, layer inside", |runs| {
            boxed(Router::new().fallback_service(bare(runs).layer(rules(""))))
        }),
        Wiring {
            knows_routes: false,
            ..wiring("fallback_service, layer outside", |runs| {
                let app = Router::new().fallback_service(bare(runs));
                boxed(app.layer(rules("")))
            })
        },
        Wiring {
            knows_routes: false,
            ..wiring("route_service of a wrapped router", |runs| {
                let inner = ServiceBuilder::new().layer(rules("")).service(bare(runs));
                let app = Router::new().route_service("/{*path}", boxed(inner));
                boxed(
                    app.fallback_service(
                        Router::new().fallback(runs.handler("root")).layer(auth()),
                    ),
                )
            })
        },
    ]
}

fn wiring(name: &'static str, app: impl Fn(&Runs) -> App) -> Wiring {
    let runs = Runs::default();
    Wiring {
        name,
        prefix: "",
        knows_routes: true,
        covers_fallback: true,
        app: app(&runs),
        runs,
    }
}
