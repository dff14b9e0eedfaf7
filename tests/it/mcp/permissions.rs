//! Who may call what. [15.3] [9.1]

use http::StatusCode;
use tower_auth::{
    ConfigErrorKind,
    mcp::{McpItem, McpLayer, McpNeed},
};

use super::kit::{app, call, layer, message, post, resource, rpc_code, status};

#[tokio::test]
async fn a_tool_needs_its_scopes_and_an_unknown_one_is_refused() {
    let layer = layer();
    for (scopes, tool, expected) in [
        ("", "echo", 200),
        ("", "deploy", 403),
        ("agents:read", "deploy", 403),
        ("agents:deploy", "deploy", 200),
        ("agents", "deploy", 403),
        ("agents:deploy", "admin_x", 403),
        ("admin", "admin_x", 200),
        ("admin", "admin_", 200),
        ("admin", "admin", 403),
        ("admin", "Echo", 403),
        ("admin", "ECHO", 403),
        ("admin", "echo ", 403),
        ("admin", "echo\\u0000", 403),
        ("admin", "ech\\u006f", 200),
        ("", "dep\\u006coy", 403),
    ] {
        assert_eq!(
            status(&layer, scopes, &call(tool)).await,
            expected,
            "{scopes} {tool}"
        );
    }
    let hierarchical = layer.hierarchical();
    assert_eq!(status(&hierarchical, "agents", &call("deploy")).await, 200);
    let allowed = layer_that_allows_all();
    assert_eq!(status(&allowed, "", &call("unheard_of")).await, 200);
    assert_eq!(status(&allowed, "", &call("deploy")).await, 403);
    assert_eq!(
        status(&allowed, "", &message("tasks/list", "{}")).await,
        200
    );
}

fn layer_that_allows_all() -> McpLayer {
    layer()
        .allow_unknown_tools()
        .allow_unknown_methods()
        .allow_unknown_prompts()
        .allow_unknown_resources()
}

#[tokio::test]
async fn the_exact_name_goes_first_and_then_the_longest_beginning() {
    let layer = McpLayer::new(&resource())
        .tool_prefix("", ["admin"])
        .open_tool_prefix("read_")
        .tool_prefix("read_secret_", ["review"])
        .tool("read_secret_1", ["docs:read"]);
    for (scopes, tool, expected) in [
        ("", "write", 403),
        ("admin", "write", 200),
        ("", "read_x", 200),
        ("admin", "read_secret_2", 403),
        ("review", "read_secret_2", 200),
        ("review", "read_secret_1", 403),
        ("docs:read", "read_secret_1", 200),
    ] {
        assert_eq!(
            status(&layer, scopes, &call(tool)).await,
            expected,
            "{scopes} {tool}"
        );
    }
}

#[tokio::test]
async fn resources_and_prompts_are_judged_wherever_a_message_names_them() {
    let layer = layer();
    let uri = |uri: &str| format!(r#"{{"uri":"{uri}"}}"#);
    let name = |name: &str| format!(r#"{{"name":"{name}"}}"#);
    let listen = |uris: &str| format!(r#"{{"notifications":{{"resourceSubscriptions":{uris}}}}}"#);
    let complete = |reference: &str| format!(r#"{{"ref":{reference},"argument":{{}}}}"#);
    for (scopes, method, params, expected) in [
        ("", "resources/read", uri("about://server"), 200),
        ("", "resources/read", uri("docs://a"), 403),
        ("docs:read", "resources/read", uri("docs://a"), 200),
        (
            "docs:read",
            "resources/read",
            uri("file:///etc/passwd"),
            403,
        ),
        ("", "resources/subscribe", uri("docs://a"), 403),
        ("docs:read", "resources/subscribe", uri("docs://a"), 200),
        ("", "resources/unsubscribe", uri("docs://a"), 403),
        ("", "resources/directory/read", uri("docs://a"), 403),
        ("", "prompts/get", name("review"), 403),
        ("review", "prompts/get", name("review"), 200),
        ("review", "prompts/get", name("other"), 403),
        (
            "",
            "subscriptions/listen",
            listen(r#"["about://server"]"#),
            200,
        ),
        (
            "",
            "subscriptions/listen",
            listen(r#"["about://server","docs://a"]"#),
            403,
        ),
        (
            "docs:read",
            "subscriptions/listen",
            listen(r#"["about://server","docs://a"]"#),
            200,
        ),
        ("", "subscriptions/listen", "{}".into(), 200),
        (
            "",
            "completion/complete",
            complete(r#"{"type":"ref/prompt","name":"review"}"#),
            403,
        ),
        (
            "review",
            "completion/complete",
            complete(r#"{"type":"ref/prompt","name":"review"}"#),
            200,
        ),
        (
            "review",
            "completion/complete",
            complete(r#"{"type":"ref/prompt","name":"review","uri":"docs://{x}"}"#),
            403,
        ),
        (
            "docs:read",
            "completion/complete",
            complete(r#"{"type":"ref/resource","uri":"docs://{x}"}"#),
            200,
        ),
        ("", "completion/complete", complete("{}"), 400),
        ("", "completion/complete", complete("7"), 400),
    ] {
        let body = message(method, &params);
        assert_eq!(
            status(&layer, scopes, &body).await,
            expected,
            "{scopes} {body}"
        );
    }
}

#[tokio::test]
async fn a_beginning_of_a_uri_covers_no_spelling_of_another_one() {
    let layer = McpLayer::new(&resource())
        .resource_prefix("file:///", ["docs:read"])
        .resource_prefix("file:///secret/", ["admin"])
        .resource_prefix("https://", ["docs:read"])
        .resource("https://intranet.example/secret", ["admin"])
        .resource_prefix("docs://", ["docs:read"])
        .resource("docs://team/a@b.com", ["admin"])
        .allow_unknown_resources();
    for (uri, expected) in [
        ("file:///public/a", 200),
        ("file:///public/a%20b", 200),
        ("file:///public/%C3%A4", 200),
        ("file:///public/{name}", 200),
        ("https://public.example/a?b=c#d", 200),
        ("https://public.example:8443/a", 200),
        ("https://127.0.0.1/a", 200),
        ("docs://README.md", 200),
        ("docs://team/b@b.com", 200),
        ("other:anything", 200),
        ("notes/a", 200),
        ("file:///secret/a", 403),
        ("https://intranet.example/secret", 403),
        ("docs://team/a@b.com", 403),
        // Decoded by one reader or another.
        ("file:///%73ecret/a", 403),
        ("file:///public/ä", 403),
        ("file:///public/%c3%a4", 403),
        ("file:///public/..%2fsecret/a", 403),
        ("file:///public/%2e%2e/secret/a", 403),
        ("file:///%2573ecret/a", 403),
        ("file:///a%", 403),
        ("file:///a%2", 403),
        ("docs://team/a%40b.com", 403),
        ("docs://team/a%26b", 403),
        // Resolved.
        ("file:///public/../secret/a", 403),
        ("file:///./secret/a", 403),
        ("file:////secret/a", 403),
        ("file:///a\\\\..\\\\secret", 403),
        // Written anew, as browsers do.
        ("FILE:///secret/a", 403),
        ("file:/secret/a", 403),
        ("file:secret/a", 403),
        ("file://localhost/secret/a", 403),
        ("file://HOST/secret/a", 403),
        ("file:///secret\\t/a", 403),
        (" file:///secret/a", 403),
        ("https:///intranet.example/secret", 403),
        ("https:/intranet.example/secret", 403),
        ("https:intranet.example/secret", 403),
        ("https://intranet.example:443/secret", 403),
        ("https://intranet.example:/secret", 403),
        ("https://intranet.example:0443/secret", 403),
        ("https://@intranet.example/secret", 403),
        ("https://Intranet.example/secret", 403),
        ("https://ｉntranet.example/secret", 403),
        ("https://intranet。example/secret", 403),
        ("https://intranet.example./secret", 403),
        ("https://2130706433/x", 403),
        ("https://0x7f.1/x", 403),
        ("https://127.1/x", 403),
        ("https://public.example", 403),
        ("docs://@team/a", 403),
        ("docs://team:/a", 403),
    ] {
        let body = message("resources/read", &format!(r#"{{"uri":"{uri}"}}"#));
        assert_eq!(status(&layer, "docs:read", &body).await, expected, "{uri}");
    }
}

#[tokio::test]
async fn a_session_begins_for_every_caller_and_an_unknown_method_is_no_method() {
    let layer = layer();
    for method in [
        "initialize",
        "ping",
        "server/discover",
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "prompts/list",
        "logging/setLevel",
        "notifications/initialized",
        "notifications/cancelled",
    ] {
        assert_eq!(
            status(&layer, "", &message(method, "{}")).await,
            200,
            "{method}"
        );
    }
    for method in [
        "tasks/list",
        "sampling/createMessage",
        "Tools/List",
        "tools/list ",
        "x",
    ] {
        let answer = post("admin", message(method, "{}"))
            .ask(&app(layer.clone()))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");
        assert_eq!(rpc_code(&answer), -32601, "{method}");
        // A client of today reads a 404; one of a session would begin another session.
        let sent = post("admin", message(method, "{}"));
        let sent = sent
            .with("mcp-protocol-version", "2026-07-28")
            .with("mcp-method", method.trim_end());
        if method == method.trim_end() {
            assert_eq!(
                sent.status(&app(layer.clone())).await,
                StatusCode::NOT_FOUND,
                "{method}"
            );
        }
    }
    let opened = layer
        .open_method("tasks/list")
        .method("tasks/cancel", ["admin"]);
    assert_eq!(status(&opened, "", &message("tasks/list", "{}")).await, 200);
    let cancel = message("tasks/cancel", r#"{"taskId":"7"}"#);
    assert_eq!(status(&opened, "", &cancel).await, 403);
    assert_eq!(status(&opened, "admin", &cancel).await, 200);
}

#[test]
fn a_rule_stands_there_once_and_names_something() {
    let twice = layer()
        .try_rule(McpItem::Tool("deploy"), McpNeed::caller())
        .unwrap_err();
    assert_eq!(twice.kind(), ConfigErrorKind::Duplicate);
    let twice = layer()
        .try_rule(McpItem::ToolPrefix("admin_"), McpNeed::caller())
        .unwrap_err();
    assert_eq!(twice.kind(), ConfigErrorKind::Duplicate);
    for item in [
        McpItem::Tool(""),
        McpItem::Method(""),
        McpItem::Resource(""),
        McpItem::Prompt(""),
    ] {
        let blank = layer().try_rule(item, McpNeed::caller()).unwrap_err();
        assert_eq!(blank.kind(), ConfigErrorKind::Blank, "{item:?}");
    }
    for (scopes, kind) in [
        ("", ConfigErrorKind::Blank),
        ("a\"b", ConfigErrorKind::Malformed),
        ("admin offline_access", ConfigErrorKind::Unsupported),
    ] {
        assert_eq!(
            McpNeed::scopes(scopes).unwrap_err().kind(),
            kind,
            "{scopes}"
        );
    }
    let none: [&str; 0] = [];
    assert_eq!(
        McpNeed::scopes(none).unwrap_err().kind(),
        ConfigErrorKind::Empty
    );
    assert_eq!(
        layer().try_origins(["*"]).unwrap_err().kind(),
        ConfigErrorKind::Malformed
    );
}
