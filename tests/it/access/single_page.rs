//! A single-page application: its files are for everybody, and open nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use axum::Router;
use http::StatusCode;
use tower_http::services::{ServeDir, ServeFile};

use crate::common::{
    oneshot::{ran, status},
    runs::{KEY, Runs, auth},
};

#[tokio::test]
async fn the_files_are_served_to_everybody() {
    let app = site(&Runs::default(), "served");
    assert_eq!(ran(&app, "GET /", &[]).await, PAGE);
    assert_eq!(ran(&app, "GET /assets/app.js", &[]).await, SCRIPT);
}

#[tokio::test]
async fn a_path_that_only_the_page_knows_gets_the_page() {
    let app = site(&Runs::default(), "page");
    assert_eq!(ran(&app, "GET /settings/profile", &[]).await, PAGE);
}

#[tokio::test]
async fn the_routes_above_the_layer_stay_closed() {
    let runs = Runs::default();
    let app = site(&runs, "routes");
    for line in ["GET /run", "POST /run", "GET /api/run", "DELETE /api/run"] {
        assert_eq!(status(&app, line).await, 401, "{line}");
    }
    assert!(runs.take().is_empty());
    let key = [("x-api-key", KEY)];
    ran(&app, "GET /api/run", &key).await;
    let ran = runs.take().concat();
    assert!(ran.starts_with("GET api as "), "{ran}");
}

#[tokio::test]
async fn unknown_paths_of_a_nested_router_with_a_fallback_stay_closed() {
    let app = site(&Runs::default(), "nested");
    for line in [
        "GET /api/unknown",
        "POST /api/unknown",
        "GET /api",
        "GET /api/v2/run",
        "GET /api/assets/app.js",
        "GET /api/../index.html",
    ] {
        assert_eq!(status(&app, line).await, 401, "{line}");
    }
}

#[tokio::test]
async fn a_slash_after_the_prefix_is_no_path_of_the_nested_router() {
    let app = site(&Runs::default(), "slash");
    assert_eq!(ran(&app, "GET /api/", &[]).await, PAGE);
}

#[tokio::test]
async fn a_nested_router_without_a_fallback_gets_the_page_for_unknown_paths_and_runs_nothing() {
    let runs = Runs::default();
    let api = Router::new().route("/run", runs.route("api"));
    let app = Router::new()
        .nest("/api", api)
        .layer(auth())
        .fallback_service(files("bare"));
    assert_eq!(ran(&app, "GET /api/unknown", &[]).await, PAGE);
    assert_eq!(status(&app, "GET /api/run").await, 401);
    assert!(runs.take().is_empty());
}

#[tokio::test]
async fn no_spelling_of_a_route_reaches_it_by_way_of_the_files() {
    let runs = Runs::default();
    let app = site(&runs, "spelled");
    for path in [
        "/run/",
        "//run",
        "/%72un",
        "/assets/../run",
        "/assets/%2e%2e/run",
        "/assets/..%2frun",
        "/api%2frun",
        "//api/run",
        "/API/run",
        "/assets/../api/run",
    ] {
        status(&app, &format!("GET {path}")).await;
        status(&app, &format!("POST {path}")).await;
    }
    assert!(runs.take().is_empty());
}

#[tokio::test]
async fn a_file_with_the_name_of_a_route_is_hidden_by_it() {
    let folder = dist("shadow");
    fs::write(folder.join("run"), "a file").unwrap();
    let app = site(&Runs::default(), "shadow");
    assert_eq!(status(&app, "GET /run").await, 401);
}

#[tokio::test]
async fn a_fallback_before_the_layer_asks_for_a_credential() {
    let app = Router::new()
        .fallback_service(files("before"))
        .layer(auth());
    assert_eq!(status(&app, "GET /").await, 401);
    assert_eq!(ran(&app, "GET /", &[("x-api-key", KEY)]).await, PAGE);
}

/// As the guide shows it: the layer, and after it the files.
fn site(runs: &Runs, folder: &str) -> Router {
    let api = Router::new()
        .route("/run", runs.route("api"))
        .fallback(async || StatusCode::NOT_FOUND);
    Router::new()
        .route("/run", runs.route("run"))
        .nest("/api", api)
        .layer(auth())
        .fallback_service(files(folder))
}

fn files(folder: &str) -> ServeDir<ServeFile> {
    let dist = dist(folder);
    let page = ServeFile::new(dist.join("index.html"));
    ServeDir::new(dist).fallback(page)
}

/// What a bundler leaves, in a folder of the test's own: tests run at the same time.
fn dist(folder: &str) -> PathBuf {
    let dist = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("dist")
        .join(folder);
    fs::create_dir_all(dist.join("assets")).unwrap();
    fs::write(dist.join("index.html"), PAGE).unwrap();
    fs::write(dist.join("assets/app.js"), SCRIPT).unwrap();
    dist
}

const PAGE: &str = "<!doctype html><div id=app></div>";
const SCRIPT: &str = "console.log('app')";
