//! The protocol's own conformance suite: a server answers the same with the layers around it as without them. [15.3]

mod server;

use std::{collections::BTreeMap, path::Path, process::Command, sync::Arc};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
};
use http::HeaderValue;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tower_auth::{
    AuthLayer,
    mcp::{McpLayer, ProtectedResource},
    provider::ApiKeyAuth,
};

use self::server::{Server, TOOLS};
use crate::common::live::{file, node};

const KEY: &str = "sk-live-an-example-key-of-a-program";

/// The suite cannot show a credential: something in front of the server does so for it.
async fn with_key(mut request: Request, next: Next) -> axum::response::Response {
    let key = HeaderValue::from_static(KEY);
    request.headers_mut().insert("x-api-key", key);
    next.run(request).await
}

/// Starts the server within the layers, or without them; answers its address.
async fn serve(layered: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("http://localhost:{port}/mcp");
    let origins = ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{port}"));
    let settings = StreamableHttpServerConfig::default().with_allowed_origins(origins.clone());
    let sessions = Arc::new(LocalSessionManager::default());
    let server = StreamableHttpService::new(|| Ok(Server), sessions, settings);
    let mut app = Router::new().route_service("/mcp", server);
    if layered {
        let resource = ProtectedResource::new(&url).unwrap();
        let tools = McpLayer::new(&resource).with_origins(origins);
        let tools = TOOLS
            .iter()
            .fold(tools, |tools, tool| tools.open_tool(tool));
        let tools = tools
            .open_resource("test://static-text")
            .open_resource("test://static-binary")
            .open_resource("test://watched-resource")
            .resource_prefix("test://template/", ["*"])
            .open_prompt("test_simple_prompt")
            .open_prompt("test_prompt_with_arguments")
            .open_prompt("test_prompt_with_embedded_resource")
            .open_prompt("test_prompt_with_image")
            .open_tool("test_reconnection");
        let keys = ApiKeyAuth::new([KEY]).unwrap();
        app = app
            .layer(tools)
            .layer(AuthLayer::new(keys).protected_resource(&resource))
            .layer(from_fn(with_key));
    }
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// What the suite says of each check, by its scenario.
fn judged(mut suite: Command, url: &str, folder: &Path) -> BTreeMap<String, String> {
    let output = suite
        .args(["server", "--url", url, "--suite", "all", "--output-dir"])
        .arg(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut judged = BTreeMap::new();
    for scenario in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}: {said}")) {
        let scenario = scenario.unwrap().path();
        let checks = std::fs::read_to_string(scenario.join("checks.json")).unwrap();
        let checks: Vec<Value> = serde_json::from_str(&checks).unwrap();
        let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
        // The time stands behind the name.
        let name = name.split("-20").next().unwrap().to_owned();
        for (number, check) in checks.iter().enumerate() {
            let text = |member: &str| check[member].as_str().unwrap_or_default().to_owned();
            judged.insert(format!("{name} {number} {}", text("id")), text("status"));
        }
    }
    judged
}

fn suite() -> Option<Command> {
    // Older versions of Node.js lack a function that the suite imports.
    let mut suite = node("mcp_conformance/run.mjs")?;
    suite.current_dir(file(""));
    Some(suite)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conformance_suite_judges_a_server_alike_with_the_layers_and_without_them() {
    let (Some(with), Some(without)) = (suite(), suite()) else {
        return;
    };
    let folder =
        std::env::temp_dir().join(format!("tower-auth-conformance-{}", std::process::id()));
    let run = async |suite, layered: bool| {
        let url = serve(layered).await;
        let folder = folder.join(if layered { "with" } else { "without" });
        let judged = tokio::task::spawn_blocking(move || judged(suite, &url, &folder));
        judged.await.unwrap()
    };
    let (without, with) = (run(without, false).await, run(with, true).await);
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(with, without);
    let count = |status: &str| with.values().filter(|known| *known == status).count();
    let (passed, failed) = (count("SUCCESS"), count("FAILURE"));
    assert!(
        passed > 40 && failed == 0,
        "{passed} passed, {failed} failed: {with:#?}"
    );
}
