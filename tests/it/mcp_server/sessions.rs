//! The versions that today's clients speak: sessions, the stream that `GET` opens, and their end. [15.3] [15.4]

use axum::Router;
use http::{StatusCode, header};

use super::tools::{
    INITIALIZED, app, ask, call, initialize, layer, lone_call, lone_headers, message, request,
    resource, settings,
};

const VERSIONS: [&str; 2] = ["2025-06-18", "2025-11-25"];

/// Begins a session of ada's.
async fn begin(app: &Router, version: &str) -> String {
    let answer = ask(app, request("POST", "ada", &[], &initialize(version))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let session = answer.headers()["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let said = message(answer).await;
    assert_eq!(said["result"]["protocolVersion"], version);
    let headers = of_session(&session, version);
    let answer = ask(app, request("POST", "ada", &headers, INITIALIZED)).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    session
}

fn of_session<'a>(session: &'a str, version: &'a str) -> [(&'a str, &'a str); 2] {
    [
        ("mcp-session-id", session),
        ("mcp-protocol-version", version),
    ]
}

async fn tool_of(app: &Router, caller: &str, session: &str, version: &str, tool: &str) -> String {
    let headers = of_session(session, version);
    let answer = ask(app, request("POST", caller, &headers, &call(tool))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let said = message(answer).await;
    said["result"]["content"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_session_of_an_earlier_version_lives_from_its_beginning_to_its_end() {
    let app = app(layer(), settings());
    for version in VERSIONS {
        let session = begin(&app, version).await;
        let headers = of_session(&session, version);
        assert_eq!(
            tool_of(&app, "ada", &session, version, "deploy").await,
            "deployed"
        );

        let stream = ask(&app, request("GET", "ada", &headers, "")).await;
        assert_eq!(stream.status(), StatusCode::OK);
        assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");

        let ended = ask(&app, request("DELETE", "ada", &headers, "")).await;
        assert_eq!(ended.status(), StatusCode::ACCEPTED);
        let after = ask(&app, request("POST", "ada", &headers, &call("whoami"))).await;
        assert_eq!(after.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_caller_in_a_tool_is_that_of_the_request_and_not_that_of_the_session() {
    let app = app(layer(), settings());
    for version in VERSIONS {
        let session = begin(&app, version).await;
        for caller in ["ada", "bob", "ada"] {
            let said = tool_of(&app, caller, &session, version, "whoami").await;
            assert_eq!(said, caller, "{version}");
        }
    }
}

#[tokio::test]
async fn a_session_lends_nobody_its_scopes() {
    let app = app(layer(), settings());
    for version in VERSIONS {
        let session = begin(&app, version).await;
        let headers = of_session(&session, version);
        let answer = ask(&app, request("POST", "bob", &headers, &call("deploy"))).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let challenge = answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("scope=\"agents:deploy\""), "{challenge}");
    }
}

#[tokio::test]
async fn the_id_of_a_session_is_no_credential() {
    let app = app(layer(), settings());
    for version in VERSIONS {
        let session = begin(&app, version).await;
        let headers = of_session(&session, version);
        for (method, body) in [
            ("POST", call("whoami")),
            ("GET", String::new()),
            ("DELETE", String::new()),
        ] {
            let answer = ask(&app, request(method, "", &headers, &body)).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method}");
        }
        assert_eq!(
            tool_of(&app, "ada", &session, version, "whoami").await,
            "ada"
        );
    }
}

#[tokio::test]
async fn the_stream_and_the_end_of_a_session_need_the_scopes_of_a_session() {
    let resource = resource().require_scopes("agents:deploy").unwrap();
    let layer = tower_auth::mcp::McpLayer::new(&resource).open_tool("whoami");
    let app = app(layer, settings());
    let session = begin(&app, "2025-11-25").await;
    let headers = of_session(&session, "2025-11-25");
    for method in ["GET", "DELETE"] {
        let answer = ask(&app, request(method, "bob", &headers, "")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method}");
    }
    let said = tool_of(&app, "ada", &session, "2025-11-25", "whoami").await;
    assert_eq!(said, "ada");
}

#[tokio::test]
async fn a_call_of_the_newest_version_needs_no_session() {
    let app = app(layer(), settings());
    let headers = lone_headers("whoami");
    let answer = ask(&app, request("POST", "bob", &headers, &lone_call("whoami"))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!answer.headers().contains_key("mcp-session-id"));
    let said = message(answer).await;
    assert_eq!(said["result"]["content"][0]["text"], "bob");

    let headers = lone_headers("deploy");
    let answer = ask(&app, request("POST", "bob", &headers, &lone_call("deploy"))).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}
