//! `Policy`: one map for a whole router, strict unless said otherwise.

use axum::{
    Router,
    routing::{any, get as on_get, post},
};
use http::Method;
use tower_auth::{
    AuthContext, AuthLayer,
    authorize::{Policy, by_owner, by_scope},
    provider::ApiKeyAuth,
};
use tracing::Level;

use crate::authorize::{
    apps::{Asked, EVERY_ANSWER, ada, get, signed_in},
    common::{
        answer::{Answer, request, send, witness},
        log::Log,
    },
};

fn routes() -> Router {
    Router::new()
        .route("/graphs/{id}/runs", post(witness).get(witness))
        .route("/config", on_get(witness))
        .route("/files/{*path}", on_get(witness))
        .route("/health", on_get(witness))
        .route("/forgotten/{id}", any(witness))
}

fn rules(policy: Policy) -> Policy {
    policy
        .rule((Method::POST, "/graphs/{id}/runs"), "graph:{id}", "invoke")
        .rule((Method::GET, "/graphs/{id}/runs"), "graph:{id}", "read")
        .rule("/config", "config", "read")
        .rule((Method::GET, "/files/{*path}"), "files:{path}", "read")
        .open((Method::GET, "/health"))
}

fn guarded(scopes: &[&str]) -> Router {
    routes()
        .layer(rules(Policy::new(by_scope())))
        .layer(signed_in(&ada(scopes)))
}

async fn ask(app: &Router, method: &str, path: &str) -> Answer {
    send(app, request(method, path, &[])).await
}

/// What the authorizer is asked.
async fn asked(method: &str, path: &str) -> Vec<String> {
    let asked = Asked::default();
    let app = routes()
        .layer(rules(Policy::new(asked.authorizer())))
        .layer(signed_in(&ada(&[])));
    ask(&app, method, path).await;
    asked.take()
}

#[tokio::test]
async fn each_route_asks_for_its_resource_and_action() {
    assert_eq!(
        asked("POST", "/graphs/7/runs").await,
        ["ada invoke graph:7"]
    );
    assert_eq!(asked("GET", "/graphs/7/runs").await, ["ada read graph:7"]);
    assert_eq!(asked("GET", "/config").await, ["ada read config"]);
    assert_eq!(asked("GET", "/files/a/b").await, ["ada read files:a%2Fb"]);
}

#[tokio::test]
async fn a_rule_for_get_covers_head() {
    assert_eq!(asked("HEAD", "/graphs/7/runs").await, ["ada read graph:7"]);
}

#[tokio::test]
async fn who_may_gets_in_and_who_may_not_does_not() {
    let app = guarded(&["graph:7:invoke"]);
    ask(&app, "POST", "/graphs/7/runs").await.accepted_as("ada");
    ask(&app, "POST", "/graphs/8/runs")
        .await
        .refused_with(403, "insufficient_scope");
    ask(&app, "GET", "/graphs/7/runs")
        .await
        .refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn an_open_route_needs_no_caller() {
    let app = routes()
        .layer(rules(Policy::new(by_scope())))
        .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap()));
    for method in ["GET", "HEAD"] {
        let answer = ask(&app, method, "/health").await;
        assert!(answer.ran() && answer.user().is_none(), "{method}");
    }
    ask(&app, "GET", "/config")
        .await
        .refused_with(401, "missing_credential");
}

#[tokio::test]
async fn a_route_without_a_rule_is_refused_and_the_log_has_the_line_to_add() {
    let app = guarded(&["*"]);
    let log = Log::start();
    ask(&app, "PUT", "/forgotten/7")
        .await
        .refused_with(403, "forbidden");
    let event = log.events().pop().unwrap();
    assert_eq!(
        (event.level, event.field("reason")),
        (Level::ERROR, Some("no_rule"))
    );
    assert_eq!(event.field("path"), Some("/forgotten/{id}"));
    let message = event.field("message").unwrap();
    for line in [
        r#".rule((Method::PUT, "/forgotten/{id}"), "RESOURCE", "ACTION")"#,
        r#".open((Method::PUT, "/forgotten/{id}"))"#,
    ] {
        assert!(message.contains(line), "{message}");
    }
}

#[tokio::test]
async fn a_rule_for_a_parameter_is_none_for_a_route_beside_it() {
    let app = routes()
        .route("/graphs/all/runs", any(witness))
        .route("/files", on_get(witness))
        .layer(rules(Policy::new(by_scope())))
        .layer(signed_in(&ada(&["*"])));
    for path in ["/graphs/all/runs", "/files"] {
        ask(&app, "GET", path).await.refused_with(403, "forbidden");
    }
}

#[tokio::test]
async fn a_method_without_a_rule_is_refused() {
    let app = guarded(&["*"]);
    for (method, path) in [
        ("DELETE", "/graphs/7/runs"),
        ("POST", "/health"),
        ("POST", "/files/a"),
        ("OPTIONS", "/graphs/7/runs"),
        ("PROPFIND", "/health"),
    ] {
        ask(&app, method, path).await.refused_with(403, "forbidden");
    }
}

#[tokio::test]
async fn the_line_to_add_for_head_is_the_one_for_get() {
    let app = guarded(&["*"]);
    let log = Log::start();
    ask(&app, "HEAD", "/forgotten/7").await;
    let event = log.events().pop().unwrap();
    assert!(event.field("message").unwrap().contains("Method::GET"));
}

#[tokio::test]
async fn a_path_that_no_route_is_for_is_a_404() {
    let app = guarded(&["*"]);
    for path in ["/nowhere", "/config/", "//config", "/CONFIG", "/"] {
        ask(&app, "GET", path).await.refused_with(404, "not_found");
    }
}

#[tokio::test]
async fn an_empty_parameter_is_refused() {
    let app = guarded(&["*"]);
    ask(&app, "GET", "/graphs//runs")
        .await
        .refused_with(403, "forbidden");
}

#[tokio::test]
async fn another_spelling_of_a_path_finds_no_looser_rule() {
    let app = routes()
        .layer(
            Policy::new(by_scope())
                .rule("/graphs/{id}/runs", "graph:{id}", "invoke")
                .open("/graphs/public/runs"),
        )
        .layer(signed_in(&ada(&[])));
    for path in [
        "/graphs/public/runs",
        "/graphs/%70ublic/runs",
        "/graphs/7/runs",
    ] {
        ask(&app, "GET", path)
            .await
            .refused_with(403, "insufficient_scope");
    }
}

#[tokio::test]
async fn a_fallback_of_the_programs_own_is_refused_too() {
    let app = routes()
        .fallback(witness)
        .layer(rules(Policy::new(by_scope())))
        .layer(signed_in(&ada(&["*"])));
    ask(&app, "GET", "/nowhere")
        .await
        .refused_with(404, "not_found");
}

#[tokio::test]
async fn under_route_layer_unknown_paths_stay_with_the_router() {
    let app = routes()
        .fallback(witness)
        .route_layer(rules(Policy::new(by_scope())))
        .layer(signed_in(&ada(&[])));
    ask(&app, "GET", "/nowhere").await.accepted_as("ada");
    ask(&app, "GET", "/config")
        .await
        .refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn a_service_that_has_no_template_is_refused() {
    let inner = tower::service_fn(async |request| {
        Ok::<_, std::convert::Infallible>(witness(request).await)
    });
    let app = Router::new()
        .nest_service("/assets", inner)
        .layer(Policy::new(by_scope()).open("/assets/{*path}"))
        .layer(signed_in(&ada(&["*"])));
    ask(&app, "GET", "/assets/logo")
        .await
        .refused_with(404, "not_found");
}

#[tokio::test]
async fn around_the_whole_router_it_knows_no_route_and_refuses() {
    let app = Router::new()
        .fallback_service(routes())
        .layer(rules(Policy::new(by_scope())))
        .layer(signed_in(&ada(&["*"])));
    ask(&app, "GET", "/config")
        .await
        .refused_with(404, "not_found");
}

#[tokio::test]
async fn what_is_not_listed_passes_only_when_that_is_said() {
    let app = routes()
        .layer(rules(Policy::new(by_scope())).insecure_pass_unlisted())
        .layer(signed_in(&ada(&[])));
    ask(&app, "PUT", "/forgotten/7").await.accepted_as("ada");
    assert_eq!(ask(&app, "GET", "/nowhere").await.status, 404);
    ask(&app, "GET", "/config")
        .await
        .refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn a_nested_router_is_named_below_its_prefix() {
    let policy = || Policy::new(by_scope()).rule("/v1/agents/{id}", "agent:{id}", "read");
    let agents = || Router::new().route("/agents/{agent}", any(witness));
    for app in [
        Router::new().nest("/v1", agents()).layer(policy()),
        Router::new().nest("/v1", agents().layer(policy())),
        Router::new().nest_service("/v1", agents().layer(policy())),
        Router::new()
            .merge(Router::new().nest("/v1", agents()))
            .route_layer(policy()),
    ] {
        let app = app.layer(signed_in(&ada(&["agent:7:read"])));
        ask(&app, "GET", "/v1/agents/7").await.accepted_as("ada");
        ask(&app, "GET", "/v1/agents/8")
            .await
            .refused_with(403, "insufficient_scope");
    }
}

#[tokio::test]
async fn parameters_are_those_of_the_rule_whatever_the_route_calls_them() {
    let asked = Asked::default();
    let policy = Policy::new(asked.authorizer()).rule(
        "/t/{tenant}/a/{agent}",
        "{tenant}/agent:{agent}",
        "read",
    );
    let app = Router::new()
        .route("/t/{x}/a/{y}", any(witness))
        .layer(policy)
        .layer(signed_in(&ada(&[])));
    get(&app, "/t/acme/a/7").await;
    assert_eq!(asked.take(), ["ada read acme/agent:7"]);
}

#[tokio::test]
async fn a_rule_without_a_method_yields_to_one_with() {
    let asked = Asked::default();
    let policy = Policy::new(asked.authorizer())
        .rule("/config", "config", "write")
        .rule((Method::GET, "/config"), "config", "read");
    let app = Router::new()
        .route("/config", any(witness))
        .layer(policy)
        .layer(signed_in(&ada(&[])));
    for method in ["GET", "PUT"] {
        ask(&app, method, "/config").await;
    }
    assert_eq!(asked.take(), ["ada read config", "ada write config"]);
}

#[tokio::test]
async fn every_answer_has_the_status_it_has_on_a_route() {
    for told in EVERY_ANSWER {
        for authorizer in [told.at_once(), told.later()] {
            let app = routes()
                .layer(rules(Policy::new(authorizer)))
                .layer(signed_in(&ada(&[])));
            assert_eq!(get(&app, "/config").await.status, told.status(), "{told:?}");
        }
    }
}

#[tokio::test]
async fn it_hides_foreign_objects_as_a_layer_on_the_route_does() {
    let bobs = |_: &str| Ok(Some(AuthContext::new("bob").principal().into_owned()));
    let app = routes()
        .layer(rules(Policy::new(by_owner(bobs).hide_foreign())))
        .layer(signed_in(&ada(&["*"])));
    let hidden = get(&app, "/graphs/7/runs").await;
    hidden.refused_with(404, "not_found");
    assert_eq!(hidden.body, get(&app, "/nowhere").await.body);
}

#[tokio::test]
async fn a_policy_without_rules_refuses_everything() {
    let app = routes()
        .layer(Policy::new(by_scope()))
        .layer(signed_in(&ada(&["*"])));
    for path in ["/config", "/health", "/graphs/7/runs"] {
        ask(&app, "GET", path).await.refused_with(403, "forbidden");
    }
}
