//! A described requirement, held against the layer itself.

use crate::common;

use axum::{
    Router,
    body::Body,
    extract::Request,
    routing::{MethodRouter, any},
};
use common::{
    dice::Dice,
    oneshot::ask,
    runs::{KEY, auth},
};
use http::{Method, Response};
use tower::{Layer, Service, service_fn};
use tower_auth::{
    Access, AuthLayer,
    describe::{AccessDescription, LayerDescription, Requirement},
    provider::ApiKeyAuth,
};

const PARTNER_KEY: &str = "sk-partner-1";
const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::POST, Method::DELETE];
const PATTERNS: [&str; 10] = [
    "/",
    "/feed",
    "/feed/{id}",
    "/feed/{id}/log",
    "/hooks/{source}",
    "/hooks/partner",
    "/assets/{*rest}",
    "/health",
    "/docs/{page}",
    "/docs",
];
const PATHS: [&str; 22] = [
    "/",
    "//",
    "/feed",
    "/feed/",
    "/feed/7",
    "/feed/7/log",
    "/feed//log",
    "/feed/%37",
    "/hooks/github",
    "/hooks/partner",
    "/hooks/%70artner",
    "/hooks/a/b",
    "/assets/a/b.js",
    "/assets/../admin",
    "/assets/%2e%2e/admin",
    "/assets/",
    "/health",
    "/HEALTH",
    "/docs",
    "/docs/",
    "/docs/index.html",
    "/openapi.json",
];

/// What a requirement says about each credential: nothing shown, the key, the partner's key, a wrong one.
fn expected(requirement: &Requirement<'_>) -> [u16; 4] {
    match requirement.access() {
        AccessDescription::Public => [200; 4],
        AccessDescription::Optional => [200, 200, 401, 401],
        AccessDescription::Required => [401, 200, 401, 401],
        AccessDescription::Providers(_) => [401, 401, 200, 401],
        other => panic!("{other:?}"),
    }
}

async fn answered<S, B>(app: &S, method: &Method, path: &str) -> [u16; 4]
where
    S: Service<Request, Response = Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    let line = format!("{method} {path}");
    let mut statuses = [0; 4];
    for (status, key) in statuses
        .iter_mut()
        .zip([None, Some(KEY), Some(PARTNER_KEY), Some("no")])
    {
        let header = key.map(|key| ("x-api-key", key));
        *status = ask(app, &line, header.as_slice()).await.status().as_u16();
    }
    statuses
}

fn any_layer(dice: &mut Dice) -> AuthLayer {
    let mut layer = auth().dev_docs(dice.below(2) == 0);
    for _ in 0..dice.below(6) {
        let pattern = PATTERNS[dice.below(PATTERNS.len())];
        let access = match dice.below(4) {
            0 => Access::Public,
            1 => Access::Optional,
            2 => Access::Required,
            _ => {
                let partner = ApiKeyAuth::new([PARTNER_KEY]).unwrap();
                Access::provider(partner.with_shared_source("partner").unwrap())
            }
        };
        let changed = match dice.below(3) {
            0 => layer
                .clone()
                .try_access((METHODS[dice.below(4)].clone(), pattern), access),
            _ => layer.clone().try_access(pattern, access),
        };
        // Some rules cannot stand side by side.
        layer = changed.unwrap_or(layer);
    }
    layer
}

#[tokio::test]
async fn a_path_is_answered_as_it_is_described() {
    let mut dice = Dice::new(163);
    let mut seen = [0_usize; 4];
    for _ in 0..200 {
        let layer = any_layer(&mut dice);
        let description = layer.describe();
        let app = layer.layer(service_fn(async |_: Request| {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        }));
        for path in PATHS {
            for method in METHODS {
                let requirement = description.at(&method, path);
                let answered = answered(&app, &method, path).await;
                assert_eq!(
                    answered,
                    expected(&requirement),
                    "{method} {path}: {requirement:?} of {description:?}"
                );
                seen[match requirement.access() {
                    AccessDescription::Public => 0,
                    AccessDescription::Optional => 1,
                    AccessDescription::Required => 2,
                    _ => 3,
                }] += 1;
            }
        }
    }
    assert!(seen.iter().all(|&times| times > 100), "{seen:?}");
}

/// Each with a path of it that no narrower pattern of ours names.
const ROUTES: [(&str, &str); 8] = [
    ("/", "/"),
    ("/feed", "/feed"),
    ("/feed/{number}", "/feed/7"),
    ("/feed/{number}/log", "/feed/7/log"),
    ("/hooks/partner", "/hooks/partner"),
    ("/hooks/{platform}", "/hooks/github"),
    ("/assets/{*path}", "/assets/a/b.js"),
    ("/user_{name}", "/user_ada"),
];

#[tokio::test]
async fn a_route_is_answered_as_it_is_described() {
    let mut dice = Dice::new(1630);
    for _ in 0..200 {
        let layer = any_layer(&mut dice);
        let description: LayerDescription = layer.describe();
        let handler: MethodRouter = any(async || "ran");
        let app = ROUTES
            .into_iter()
            .fold(Router::new(), |app, (template, _)| {
                app.route(template, handler.clone())
            });
        let app = app.layer(layer);
        for (template, path) in ROUTES {
            for method in METHODS {
                let requirement = description.of_route(&method, template);
                let answered = answered(&app, &method, path).await;
                assert_eq!(
                    answered,
                    expected(&requirement),
                    "{method} {template}: {requirement:?} of {description:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_disabled_layer_is_described_as_open() {
    let layer = AuthLayer::disabled().access("/run", Access::Required);
    let description = layer.describe();
    assert!(description.is_disabled());
    let run = description.at(&Method::POST, "/run");
    assert!(run.providers().is_empty());
    let app = common::oneshot::app(["/run"], layer);
    assert_eq!(answered(&app, &Method::POST, "/run").await, expected(&run));
}
