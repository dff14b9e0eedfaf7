//! The layers that observers are told of.

use axum::{
    Router,
    routing::{any, post},
};
use tower_auth::{
    AuthContext, AuthError, AuthLayer,
    authorize::{AuthorizeLayer, Policy, RequireScopes, authorizer_fn, by_role, by_scope},
    mcp::{McpItem, McpLayer, McpNeed, ProtectedResource},
    observe::ObserveLayer,
    provider::{ApiKeyAuth, ApiKeyRecord},
    throttle::{Limit, Requests, ThrottleLayer},
    webhook::WebhookLayer,
};

use super::{KEY, Told};
use crate::common::oneshot::{ask, status};

fn keys() -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap())
}

fn ada(scopes: &[&str]) -> ApiKeyRecord {
    ApiKeyRecord::new("ada", KEY).unwrap().with_scopes(scopes)
}

#[tokio::test]
async fn tells_of_the_layers_inside_of_an_auth_layer() {
    let told = Told::default();
    let limits = Requests::new([Limit::of_all("1 per hour".parse().unwrap())]).unwrap();
    let by_scope = AuthorizeLayer::new(by_scope(), "graph", "invoke").unwrap();
    let app: Router = Router::new()
        .route(
            "/scopes",
            any(|| async {}).layer(RequireScopes::all(["a"]).unwrap()),
        )
        .route("/graph", any(|| async {}).layer(by_scope))
        .route(
            "/limited",
            any(|| async {}).layer(ThrottleLayer::new(limits)),
        )
        .layer(AuthLayer::new(ApiKeyAuth::new([ada(&[])]).unwrap()).observers(told.answers()));
    for line in ["GET /scopes", "GET /graph", "GET /limited", "GET /limited"] {
        ask(&app, line, &[("x-api-key", KEY)]).await;
    }
    let accepted = "accepted api_key -";
    assert_eq!(
        told.take(),
        [
            accepted,
            "refused scopes insufficient_scope",
            accepted,
            "refused by_scope insufficient_scope",
            accepted,
            accepted,
            "refused - throttled",
        ]
    );
}

#[tokio::test]
async fn tells_what_was_allowed_or_left_open_and_to_whom() {
    let told = Told::default();
    let observers = told.observers(|decision| {
        let (resource, action) = (decision.resource(), decision.action());
        let user = decision.caller().map(|caller| caller.method());
        format!("{} {resource:?} {action:?} {user:?}", decision.outcome())
    });
    let policy = Policy::new(by_scope())
        .open("/open")
        .rule("/run", "graph", "invoke");
    let everything = ApiKeyAuth::new([ada(&["*"])]);
    let app: Router = Router::new()
        .route("/run", any(|| async {}))
        .route("/open", any(|| async {}))
        .layer(policy)
        .layer(AuthLayer::new(everything.unwrap()).observers(observers));
    for line in ["GET /run", "GET /open"] {
        ask(&app, line, &[("x-api-key", KEY)]).await;
    }
    let accepted = "accepted None None Some(\"api_key\")";
    assert_eq!(
        told.take(),
        [
            accepted,
            "allowed Some(\"graph\") Some(\"invoke\") Some(\"api_key\")",
            accepted,
            "open None None Some(\"api_key\")",
        ]
    );
}

#[tokio::test]
async fn tells_who_was_refused_what() {
    let told = Told::default();
    let observers = told.observers(|decision| {
        let user = decision.caller().map(AuthContext::user_id);
        format!("{} {user:?}", decision.outcome())
    });
    let limits = Requests::new([Limit::of_all("1 per hour".parse().unwrap())]).unwrap();
    let by_role = AuthorizeLayer::new(by_role([("admin", "*")]).unwrap(), "stats", "read");
    let app: Router = Router::new()
        .route(
            "/scopes",
            any(|| async {}).layer(RequireScopes::all(["a"]).unwrap()),
        )
        .route("/role", any(|| async {}).layer(by_role.unwrap()))
        .route(
            "/limited",
            any(|| async {}).layer(ThrottleLayer::new(limits)),
        )
        .layer(AuthLayer::new(ApiKeyAuth::new([ada(&[])]).unwrap()).observers(observers));
    ask(&app, "GET /limited", &[("x-api-key", KEY)]).await;
    told.take();
    for line in ["GET /scopes", "GET /role", "GET /limited"] {
        ask(&app, line, &[("x-api-key", KEY)]).await;
        let both = ["accepted Some(\"ada\")", "refused Some(\"ada\")"];
        assert_eq!(told.take(), both, "{line}");
    }
}

#[tokio::test]
async fn an_observe_layer_tells_of_webhooks_and_of_limits_outside() {
    let told = Told::default();
    let limits = Requests::new([Limit::of_all("2 per hour".parse().unwrap())]).unwrap();
    let hook = WebhookLayer::github("a webhook's secret").unwrap();
    let app: Router = Router::new()
        .route("/hook", post(|| async {}))
        .layer(hook)
        .layer(ThrottleLayer::new(limits))
        .layer(ObserveLayer::new(told.answers()));
    for _ in 0..3 {
        status(&app, "POST /hook").await;
    }
    let refused = "refused github missing_credential";
    assert_eq!(told.take(), [refused, refused, "refused - throttled"]);
}

#[tokio::test]
async fn tells_of_a_platform_that_shakes_hands_by_get() {
    let told = Told::default();
    let meta = WebhookLayer::meta("an app secret of Meta")
        .and_then(|meta| meta.with_verify_token("v-token"))
        .unwrap();
    let app: Router = Router::new()
        .route("/hook", any(|| async {}))
        .layer(meta)
        .layer(ObserveLayer::new(told.answers()));
    for (token, answer) in [
        ("v-token", "handshake meta -"),
        ("other", "refused meta invalid_credential"),
    ] {
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1");
        status(&app, &format!("GET /hook?{query}")).await;
        assert_eq!(told.take(), [answer]);
    }
}

#[tokio::test]
async fn a_webhook_within_an_auth_layer_and_that_layer_tell_of_whom_each_accepted() {
    let told = Told::default();
    let hook = WebhookLayer::telegram("A-secret-of-Telegram").unwrap();
    let app: Router = Router::new()
        .route("/hook", any(|| async {}).layer(hook))
        .layer(keys().observers(told.answers()));
    let request = http::Request::post("/hook")
        .header("x-api-key", KEY)
        .header("x-telegram-bot-api-secret-token", "A-secret-of-Telegram")
        .body(axum::body::Body::from(
            r#"{"update_id":1,"poll":{"id":"7"}}"#,
        ));
    let answer = tower::ServiceExt::oneshot(app, request.unwrap()).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(told.take(), ["accepted api_key -", "accepted webhook -"]);
}

#[tokio::test]
async fn an_observer_of_two_layers_is_told_once() {
    let told = Told::default();
    let observers = told.answers();
    let app: Router = Router::new()
        .route("/run", any(|| async {}))
        .layer(keys().observers(observers.clone()))
        .layer(ObserveLayer::new(observers));
    status(&app, "GET /run").await;
    assert_eq!(told.take(), ["refused - missing_credential"]);
}

#[tokio::test]
async fn a_layer_without_observers_beside_one_with_observers_tells_nobody() {
    let told = Told::default();
    let observed = keys().observers(told.answers());
    let app: Router = Router::new()
        .route("/run", any(|| async {}).layer(keys()))
        .route("/other", any(|| async {}).layer(observed));
    status(&app, "GET /run").await;
    assert!(told.take().is_empty());
}

#[tokio::test]
async fn tells_of_the_answers_of_an_authorizer_about_a_tool() {
    let told = Told::default();
    let resource = ProtectedResource::new("https://api.example.com/mcp").unwrap();
    let judge = authorizer_fn(|_: &AuthContext, resource: &str, _: &str| match resource {
        name if name.ends_with(":read") => Ok(()),
        name if name.ends_with(":panic") => panic!("an authorizer of one's own"),
        _ => Err(AuthError::forbidden("not_yours")),
    });
    let mcp = ["read", "delete", "panic"]
        .into_iter()
        .fold(McpLayer::new(&resource), |mcp, tool| {
            mcp.rule(McpItem::Tool(tool), McpNeed::permission(judge.clone()))
        });
    let app: Router = Router::new()
        .route("/mcp", any(|| async {}))
        .layer(mcp)
        .layer(keys().observers(told.answers()));
    for tool in ["read", "delete", "panic"] {
        let call = serde_json::json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool},
        });
        let request = http::Request::post("/mcp")
            .header("x-api-key", KEY)
            .header("content-type", "application/json")
            .body(axum::body::Body::from(call.to_string()))
            .unwrap();
        tower::ServiceExt::oneshot(app.clone(), request)
            .await
            .unwrap();
    }
    let told = told.take();
    let answers: Vec<_> = told
        .iter()
        .filter(|one| !one.starts_with("accepted"))
        .collect();
    assert_eq!(answers.len(), 3, "{told:?}");
    assert!(answers[0].starts_with("allowed"), "{told:?}");
    assert!(answers[1].ends_with("forbidden"), "{told:?}");
    assert!(answers[2].ends_with("unavailable"), "{told:?}");
}
