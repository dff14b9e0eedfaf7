//! Who may call which tool of the example: of a token's scopes and roles, and of an API key. [15.2] [15.3] [15.4]

use serde_json::json;
use tower_auth::testing::{TestIssuer, TestToken};

use super::tools::{INITIALIZED, call as tool_call, initialize, lone_call, lone_headers};
use crate::common::{
    live::{Reply, http},
    mcp::McpServer,
};

const KEY: &str = "sk-live-an-example-key-of-a-program";

/// The answer to a call of a tool.
fn call(server: &McpServer, tool: &str, (name, value): (&str, &str)) -> Reply {
    let common = [
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
        (name, value),
    ];
    let headers = [&common[..], &lone_headers(tool)].concat();
    let body = lone_call(tool).replace("\"arguments\":{}", "\"arguments\":{\"text\":\"hello\"}");
    http("POST", &server.url, &headers, &body)
}

fn with_token(server: &McpServer, tool: &str, token: TestToken<'_>) -> Reply {
    let bearer = format!("Bearer {}", token.mint());
    call(server, tool, ("authorization", &bearer))
}

#[test]
fn every_caller_may_use_echo_and_a_scope_or_a_role_opens_the_others() {
    let issuer = TestIssuer::start();
    let server = McpServer::start(&["--issuer", issuer.url()]);
    let token = || {
        issuer
            .token()
            .with_audience(&server.url)
            .with_subject("ada")
    };
    let deployer = || token().with_scope("agents:deploy");
    let roles = || token().with_claim("roles", json!(["admin"]));
    let realm_roles = || token().with_claim("realm_access", json!({"roles": ["admin"]}));
    for (tool, token, status) in [
        ("echo", token(), 200),
        ("deploy", token(), 403),
        ("deploy", deployer(), 200),
        ("deploy", roles(), 403),
        ("admin_reset", token(), 403),
        ("admin_reset", deployer(), 403),
        ("admin_reset", roles(), 200),
        ("admin_reset", realm_roles(), 200),
        ("unheard_of", roles(), 403),
    ] {
        let answer = with_token(&server, tool, token);
        assert_eq!(answer.status, status, "{tool}: {}", answer.body);
    }
    assert!(with_token(&server, "echo", token()).body.contains("hello"));
    assert!(
        with_token(&server, "admin_reset", roles())
            .body
            .contains("reset by ada")
    );
}

#[test]
fn a_refusal_for_lack_of_a_scope_names_it_and_one_for_lack_of_a_role_names_none() {
    let issuer = TestIssuer::start();
    let server = McpServer::start(&["--issuer", issuer.url()]);
    let token = || issuer.token().with_audience(&server.url);
    let answer = with_token(&server, "deploy", token());
    assert!(
        answer.head.contains("scope=\"agents:deploy\""),
        "{}",
        answer.head
    );
    let answer = with_token(&server, "admin_reset", token());
    assert!(!answer.head.contains("www-authenticate"), "{}", answer.head);
}

#[test]
fn a_token_for_another_audience_is_refused() {
    let issuer = TestIssuer::start();
    let server = McpServer::start(&["--issuer", issuer.url()]);
    let of_the_origin = server.at("");
    for audience in [TestIssuer::AUDIENCE, &*of_the_origin] {
        let answer = with_token(&server, "echo", issuer.token().with_audience(audience));
        assert_eq!(answer.status, 401, "{audience}");
    }
}

#[test]
fn the_audience_can_be_another_name_than_the_public_address() {
    let issuer = TestIssuer::start();
    let server = McpServer::start(&["--issuer", issuer.url(), "--audience", "agents"]);
    let of = |audience: &str| issuer.token().with_audience(audience);
    assert_eq!(with_token(&server, "echo", of("agents")).status, 200);
    assert_eq!(with_token(&server, "echo", of(&server.url)).status, 401);
}

#[test]
fn a_public_address_stands_in_the_metadata_and_in_tokens() {
    let issuer = TestIssuer::start();
    let public = "https://api.example.com/agents/mcp";
    let server = McpServer::start(&["--issuer", issuer.url(), "--public-url", public]);
    assert_eq!(server.url, public);
    let start = server
        .welcome
        .find("curl -i http://")
        .expect("a line to paste");
    let local = &server.welcome[start + "curl -i ".len()..];
    let local = &local[..local.find("/mcp").unwrap()];
    let path = "/.well-known/oauth-protected-resource/agents/mcp";
    let document = http("GET", &format!("{local}{path}"), &[], "").json();
    assert_eq!(document["resource"], public);

    let bearer = issuer.token().with_audience(public).mint();
    let bearer = format!("Bearer {bearer}");
    let headers = [("authorization", &*bearer), ("host", "api.example.com")];
    let answer = http("GET", &format!("{local}/whoami"), &headers[..1], "");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn an_api_key_opens_the_same_endpoint() {
    let server = McpServer::start(&["--api-key", KEY, "--api-key", "sk-live-another-example-key"]);
    for (tool, status) in [("echo", 200), ("deploy", 200), ("admin_reset", 403)] {
        assert_eq!(
            call(&server, tool, ("x-api-key", KEY)).status,
            status,
            "{tool}"
        );
        let bearer = format!("Bearer {KEY}");
        let answer = call(&server, tool, ("authorization", &bearer));
        assert_eq!(answer.status, status, "{tool}");
    }
    assert_eq!(
        call(&server, "echo", ("x-api-key", "sk-live-guessed")).status,
        401
    );
    let bearer = format!("Bearer {}", server.token());
    assert_eq!(
        call(&server, "echo", ("authorization", &bearer)).status,
        200
    );
}

#[test]
fn a_session_serves_nobody_but_the_caller_who_began_it() {
    const OTHER: &str = "sk-live-another-example-key";
    let server = McpServer::start(&["--api-key", KEY, "--api-key", OTHER]);
    let version = "2025-11-25";
    let send = |method: &str, key: &str, session: &str, body: &str| {
        let headers = [
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
            ("mcp-protocol-version", version),
            ("x-api-key", key),
            ("mcp-session-id", session),
        ];
        let shown = headers.len() - usize::from(session.is_empty());
        http(method, &server.url, &headers[..shown], body)
    };
    let begun = send("POST", KEY, "", &initialize(version));
    let session = begun
        .head
        .lines()
        .find_map(|line| line.strip_prefix("mcp-session-id: "));
    let session = session.unwrap_or_else(|| panic!("a session in {}", begun.head));
    let echo = tool_call("echo").replace("{}", "{\"text\":\"hello\"}");
    for _ in 0..2 {
        for (method, body) in [
            ("POST", &*echo),
            ("POST", INITIALIZED),
            ("GET", ""),
            ("DELETE", ""),
        ] {
            assert_eq!(send(method, OTHER, session, body).status, 404, "{method}");
        }
        assert_eq!(send("POST", KEY, session, &echo).status, 200);
        // A session of the other one changes nothing.
        assert_eq!(send("POST", OTHER, "", &initialize(version)).status, 200);
    }
    assert_eq!(send("POST", KEY, "guessed", &echo).status, 404);
    assert_eq!(send("DELETE", KEY, session, "").status, 202);
    assert_eq!(send("POST", KEY, session, &echo).status, 404);
}

#[test]
fn a_page_of_a_listed_origin_may_use_the_server_and_read_its_refusals() {
    let page = "https://app.example.com";
    let server = McpServer::start(&["--origin", page]);
    let ask = |origin: &str| http("POST", &server.url, &[("origin", origin)], "");
    let answer = ask(page);
    assert_eq!(answer.status, 401);
    let allowed = format!("access-control-allow-origin: {page}");
    assert!(answer.head.contains(&allowed), "{}", answer.head);
    let exposed = answer
        .head
        .lines()
        .find(|line| line.starts_with("access-control-expose"));
    assert!(
        exposed.is_some_and(|line| line.contains("www-authenticate")),
        "{}",
        answer.head
    );
    assert!(
        !ask("https://attacker.example")
            .head
            .contains("allow-origin")
    );
}
