//! MCP clients that this crate did not write, a certified issuer, and scanners of MCP servers, against the example.
//! [15.1] [15.2] [15.3] [15.4]

use crate::common;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use common::{
    live::{ask, node, python, python_command},
    mcp::{McpIssuer, McpServer, calls},
    tls,
};
use serde_json::{Value, json};

const KEY: &str = "sk-live-an-example-key-of-a-program";

/// What a client did and was told.
struct Report(Value);

impl Report {
    fn of(client: Command, asked: Value) -> Self {
        let mut replies = ask(client, &[asked]);
        Self(replies.remove(0))
    }

    /// The requests to the server and to the issuer, `METHOD path status`.
    fn exchanges(&self) -> Vec<String> {
        let exchanges = self.0["exchanges"].as_array().expect("a report");
        let text = |exchange: &Value, name: &str| exchange[name].as_str().unwrap().to_owned();
        exchanges
            .iter()
            .map(|one| {
                let (method, path) = (text(one, "method"), text(one, "path"));
                format!("{method} {path} {}", one["status"])
            })
            .collect()
    }

    /// The challenge of the first answer with this status.
    fn challenge(&self, status: u16) -> &str {
        let exchanges = self.0["exchanges"].as_array().expect("a report");
        let answer = exchanges.iter().find(|one| one["status"] == status);
        answer.unwrap_or_else(|| panic!("{status} in {}", self.0))["challenge"]
            .as_str()
            .unwrap_or_else(|| panic!("a challenge in {}", self.0))
    }

    /// What a tool answered, or nothing where it was refused.
    fn said(&self, tool: &str) -> Option<&str> {
        let calls = self.0["calls"].as_array().expect("a report");
        let call = calls.iter().find(|call| call["tool"] == tool);
        call.unwrap_or_else(|| panic!("{tool} in {}", self.0))["text"].as_str()
    }
}

/// connect → 401 → metadata → issuer → token for the resource → call → 403 step-up → wider token → call.
fn goes_the_whole_way(client: Command, (sdk, mode): (u8, &str), version: &str) {
    let Some(issuer) = McpIssuer::start() else {
        return;
    };
    let server = issuer.server();
    let asked = json!({"url": server.url, "calls": calls(), "sdk": sdk, "mode": mode});
    let report = Report::of(client, asked);
    let exchanges = report.exchanges();

    assert_eq!(exchanges[0], "POST /mcp 401", "{exchanges:?}");
    let metadata = server.at("/.well-known/oauth-protected-resource/mcp");
    let challenge = report.challenge(401);
    assert!(
        challenge.contains(&format!("resource_metadata=\"{metadata}\"")),
        "{challenge}"
    );
    assert!(challenge.contains("scope=\"agents:read\""), "{challenge}");
    assert_eq!(
        exchanges[1], "GET /.well-known/oauth-protected-resource/mcp 200",
        "{exchanges:?}"
    );
    let step_up = report.challenge(403);
    assert!(
        step_up.contains("error=\"insufficient_scope\""),
        "{step_up}"
    );
    assert!(step_up.contains("scope=\"agents:deploy\""), "{step_up}");

    // A token for this resource, and then one with more scopes.
    let authorizations = report.0["authorizations"].as_array().unwrap();
    assert_eq!(authorizations.len(), 2, "{authorizations:?}");
    assert_eq!(authorizations[0]["scope"], "agents:read");
    let widened = authorizations[1]["scope"].as_str().unwrap();
    assert!(widened.contains("agents:deploy"), "{widened}");
    for authorization in authorizations {
        assert_eq!(authorization["resource"], server.url);
    }

    assert_eq!(report.said("echo"), Some("hello"));
    assert_eq!(report.said("deploy"), Some("deployed 7 for ada"));
    assert_eq!(
        report.said("admin_reset"),
        None,
        "no scope stands for a role"
    );
    assert_eq!(report.0["protocol_version"], version);
    // What a further scope opens is there to be asked for, and what only a role opens is not.
    for listed in ["tools", "tools_then"] {
        assert_eq!(report.0[listed], json!(["deploy", "echo"]));
    }
    holds_a_session(&exchanges, version);
}

/// Versions before 2026-07-28 have a stream and an end of the session; both pass the layer.
fn holds_a_session(exchanges: &[String], version: &str) {
    let has = |line: &str| exchanges.iter().any(|exchange| exchange == line);
    let is_legacy = version < "2026-07-28";
    assert_eq!(has("GET /mcp 200"), is_legacy, "{exchanges:?}");
    assert_eq!(has("DELETE /mcp 202"), is_legacy, "{exchanges:?}");
}

/// An API key opens the same endpoint, and no issuer is asked.
fn shows_a_key(client: Command, (sdk, mode): (u8, &str), version: &str) {
    let server = McpServer::start(&["--api-key", KEY]);
    let headers = json!({"x-api-key": KEY});
    let asked =
        json!({"url": server.url, "headers": headers, "calls": calls(), "sdk": sdk, "mode": mode});
    let report = Report::of(client, asked);
    assert_eq!(report.said("echo"), Some("hello"));
    let deployed = report.said("deploy").expect("a key has every scope");
    assert!(deployed.starts_with("deployed 7 for apikey_"), "{deployed}");
    assert_eq!(report.said("admin_reset"), None);
    assert_eq!(report.0["tools"], json!(["deploy", "echo"]));
    assert_eq!(report.0["authorizations"], json!([]));
    holds_a_session(&report.exchanges(), version);
}

#[test]
fn client_of_the_typescript_sdk_goes_from_the_first_401_to_a_wider_token() {
    if let Some(client) = node("mcp_client.mjs") {
        goes_the_whole_way(client, (1, "legacy"), "2025-11-25");
    }
}

#[test]
fn client_of_the_typescript_sdk_shows_an_api_key() {
    if let Some(client) = node("mcp_client.mjs") {
        shows_a_key(client, (1, "legacy"), "2025-11-25");
    }
}

#[test]
fn client_of_the_second_typescript_sdk_goes_the_same_way_with_either_version() {
    for (mode, version) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        if let Some(client) = node("mcp_client.mjs") {
            goes_the_whole_way(client, (2, mode), version);
        }
    }
}

#[test]
fn client_of_the_second_typescript_sdk_shows_an_api_key() {
    if let Some(client) = node("mcp_client.mjs") {
        shows_a_key(client, (2, "auto"), "2026-07-28");
    }
}

#[test]
fn client_of_the_python_sdk_goes_the_same_way_with_either_version() {
    for (mode, version) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        if let Some(client) = python("mcp_client.py") {
            goes_the_whole_way(client, (2, mode), version);
        }
    }
}

#[test]
fn client_of_the_python_sdk_shows_an_api_key() {
    if let Some(client) = python("mcp_client.py") {
        shows_a_key(client, (2, "auto"), "2026-07-28");
    }
}

/// A folder of a test's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tower-auth-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(output: &Output) -> String {
    let text = [&*output.stdout, &*output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn mcp_authlab_finds_no_fault() {
    let command = || python_command("mcp-authlab");
    let (Some(mut login), Some(mut scan)) = (command(), command()) else {
        return;
    };
    let Some(issuer) = McpIssuer::start() else {
        return;
    };
    let ((server, _front), other) = (issuer.server_behind_tls().await, issuer.server());
    let folder = Folder::new("authlab");
    let tokens = folder.0.join("tokens.json");
    let trusted = tls::path("authority.crt");
    let login = login
        .args(["login", &server.url, "--no-browser"])
        .args(["--scope", "agents:read", "--foreign-resource", &other.url])
        .env("MCP_AUTHLAB_TOKENS", &tokens)
        .env("SSL_CERT_FILE", &trusted)
        .output()
        .unwrap();
    assert!(login.status.success(), "{}", text(&login));
    let scan = scan
        .args(["scan", &server.url, "--format", "json", "--tool", "deploy"])
        .env("MCP_AUTHLAB_TOKENS", &tokens)
        .env("SSL_CERT_FILE", &trusted)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&scan.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&scan)));
    let checks = report["results"].as_array().expect("results");
    assert_eq!(checks.len(), 33, "{report}");
    for check in checks {
        assert_eq!(check["status"], "pass", "{check}");
    }
}

#[test]
fn reizan_mcpcheck_finds_no_fault() {
    let Some(mut check) = python_command("reizan-mcpcheck") else {
        return;
    };
    let Some(issuer) = McpIssuer::start() else {
        return;
    };
    let servers = [issuer.server(), issuer.server()];
    let resource = |server: &McpServer| {
        // It asks with a plain GET, which no MCP endpoint answers.
        json!({"name": server.url, "resource": server.url, "endpoint": server.at("/whoami")})
    };
    let config = json!({
        "name": "mcp_server",
        "owner_authorized": true,
        "allow_insecure_http": true,
        "authorization_server": {
            "issuer": issuer.url(),
            "authorization_endpoint": format!("{}/auth", issuer.url()),
            "token_endpoint": format!("{}/token", issuer.url()),
            "authorization_response_iss_parameter_supported": true,
        },
        "client": {
            "client_id": issuer.info["known"]["client_id"],
            "redirect_uri": issuer.info["known"]["redirect_uris"][0],
            "scope": "agents:read",
        },
        "resources": servers.each_ref().map(resource),
        "invalid_resource": servers[0].at("/other"),
    });
    let folder = Folder::new("mcpcheck");
    let file = folder.0.join("config.json");
    fs::write(&file, config.to_string()).unwrap();
    let checked = check
        .arg(&file)
        .args(["--fail-on-inconclusive"])
        .output()
        .unwrap();
    let said = text(&checked);
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("4 PASS, 0 FAIL, 0 INCONCLUSIVE"), "{said}");
}
