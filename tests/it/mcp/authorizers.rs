//! What authorizers decide about tools, resources and prompts. [15.3] [9.3]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::StatusCode;
use tower_auth::{
    AuthContext, AuthError,
    authorize::{async_authorizer_fn, authorizer_fn, by_role, by_scope},
    mcp::{McpItem, McpLayer, McpNeed},
};

use super::kit::{app, call, message, post, resource, status};

#[tokio::test]
async fn an_authorizer_decides_at_once_or_later_and_its_panic_opens_nothing() {
    let at_once = authorizer_fn(|caller: &AuthContext, resource: &str, action: &str| {
        assert_eq!((resource, action), ("tool:restart%20it", "call"));
        match caller.scopes().contains("admin") {
            true => Ok(()),
            false => Err(AuthError::forbidden("not_admin")),
        }
    });
    let later = async_authorizer_fn(async |caller: AuthContext, resource: String, _: String| {
        tokio::task::yield_now().await;
        match resource.as_str() {
            "tool:slow" if caller.scopes().contains("admin") => Ok(()),
            _ => Err(AuthError::not_found("hidden")),
        }
    });
    let panics = authorizer_fn(|_: &AuthContext, _: &str, _: &str| panic!("a test"));
    let layer = McpLayer::new(&resource())
        .tool_by("restart it", at_once)
        .tool_by("slow", later)
        .tool_by("broken", panics);
    for (scopes, tool, expected) in [
        ("admin", "restart it", 200),
        ("", "restart it", 403),
        ("admin", "slow", 200),
        ("", "slow", 404),
        ("admin", "broken", 503),
    ] {
        assert_eq!(
            status(&layer, scopes, &call(tool)).await,
            expected,
            "{scopes} {tool}"
        );
        let caller = AuthContext::new("ada").with_scopes(scopes.split(' '));
        if tool != "broken" {
            assert_eq!(
                layer.may_use_tool(&caller, tool).await,
                expected == 200,
                "{tool}"
            );
        }
    }
    let batch = format!("[{},{}]", call("restart it"), call("slow"));
    assert_eq!(status(&layer, "admin", &batch).await, 200);
    assert_eq!(status(&layer, "", &batch).await, 403);
}

#[tokio::test]
async fn a_role_opens_a_tool() {
    let roles = by_role([("operator", "tool:restart:call")]).unwrap();
    let layer = McpLayer::new(&resource()).tool_by("restart", roles);
    let of = |role: &str| AuthContext::new("ada").with_claim("role", role);
    assert!(layer.may_use_tool(&of("operator"), "restart").await);
    assert!(!layer.may_use_tool(&of("visitor"), "restart").await);
    assert!(!layer.may_use_tool(&of("operator"), "unknown").await);
}

#[tokio::test]
async fn a_request_asks_about_each_thing_once_and_about_no_more_than_a_bound() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = {
        let asked = Arc::clone(&asked);
        async_authorizer_fn(move |_: AuthContext, resource: String, _: String| {
            asked.fetch_add(1, Ordering::Relaxed);
            async move {
                match resource.contains("no") {
                    true => Err(AuthError::forbidden("a_test")),
                    false => Ok(()),
                }
            }
        })
    };
    let layer =
        McpLayer::new(&resource()).rule(McpItem::ResourcePrefix(""), McpNeed::permission(counting));
    let listen = |uris: &str| {
        let params = format!(r#"{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}"#);
        message("subscriptions/listen", &params)
    };
    let same = listen(&vec![r#""a:1""#; 1000].join(","));
    let many: Vec<String> = (0..1000).map(|number| format!("\"a:{number}\"")).collect();
    let many = listen(&many.join(","));
    for (body, expected, questions) in [
        (same.clone(), 200, 1),
        (format!("[{}]", vec![&*same; 50].join(",")), 200, 1),
        (many.clone(), 400, 0),
        (format!("[{}]", vec![&*many; 50].join(",")), 400, 0),
        // The first no ends the questions.
        (listen(r#""a:1","no:2","a:3""#), 403, 2),
    ] {
        asked.store(0, Ordering::Relaxed);
        assert_eq!(
            status(&layer, "", &body).await,
            expected,
            "{}",
            &body[..100]
        );
        assert_eq!(asked.load(Ordering::Relaxed), questions, "{}", &body[..100]);
    }
}

#[tokio::test]
async fn a_long_name_reaches_no_authorizer_and_no_challenge() {
    let layer =
        McpLayer::new(&resource()).rule(McpItem::ToolPrefix(""), McpNeed::permission(by_scope()));
    let sent = |length: usize| post("", call(&":".repeat(length)));
    let app = app(layer);
    assert_eq!(sent(9_000).status(&app).await, StatusCode::BAD_REQUEST);
    let answer = sent(8_000).ask(&app).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
