//! `RequireScopes` on a route.

use axum::Router;
use tower_auth::{
    AuthContext, AuthLayer, authorize::RequireScopes, provider::ApiKeyAuth, provider::ApiKeyRecord,
};

use crate::authorize::{
    apps::{ada, get, run, signed_in, token_holder},
    common::answer::{request, send},
};

fn behind(layer: RequireScopes, caller: &AuthContext) -> Router {
    run().route_layer(layer).layer(signed_in(caller))
}

async fn status(layer: RequireScopes, caller: &AuthContext) -> u16 {
    get(&behind(layer, caller), "/run").await.status.as_u16()
}

#[tokio::test]
async fn lets_a_caller_in_who_holds_all() {
    let app = behind(
        RequireScopes::all(["a", "b"]).unwrap(),
        &ada(&["b", "c", "a"]),
    );
    get(&app, "/run").await.accepted_as("ada");
}

#[tokio::test]
async fn refuses_a_caller_who_lacks_one_of_all() {
    let app = behind(RequireScopes::all(["a", "b"]).unwrap(), &ada(&["a"]));
    get(&app, "/run")
        .await
        .refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn lets_a_caller_in_who_holds_any() {
    let app = behind(RequireScopes::any(["a", "b"]).unwrap(), &ada(&["b"]));
    get(&app, "/run").await.accepted_as("ada");
}

#[tokio::test]
async fn refuses_a_caller_who_holds_none_of_any() {
    let app = behind(RequireScopes::any(["a", "b"]).unwrap(), &ada(&["c"]));
    get(&app, "/run")
        .await
        .refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn names_every_scope_it_wants_in_one_challenge() {
    for layer in [
        RequireScopes::all(["a", "b c"]).unwrap(),
        RequireScopes::any(["a", "b c"]).unwrap(),
    ] {
        let answer = get(&behind(layer, &ada(&["c:d"])), "/run").await;
        assert_eq!(
            answer.challenges(),
            [
                r#"Bearer realm="api", error="insufficient_scope", error_description="the credential lacks a scope that this needs", scope="a b c""#
            ]
        );
    }
}

#[tokio::test]
async fn a_text_with_spaces_counts_as_several_scopes() {
    assert_eq!(
        status(RequireScopes::all(["a b"]).unwrap(), &ada(&["b", "a"])).await,
        200
    );
    assert_eq!(
        status(RequireScopes::all(["a b"]).unwrap(), &ada(&["a"])).await,
        403
    );
}

#[tokio::test]
async fn readonly_is_not_read() {
    let caller = ada(&["graph:readonly"]);
    assert_eq!(
        status(RequireScopes::all(["graph:read"]).unwrap(), &caller).await,
        403
    );
    let hierarchical = RequireScopes::all(["graph:read"]).unwrap().hierarchical();
    assert_eq!(status(hierarchical, &caller).await, 403);
}

#[tokio::test]
async fn a_higher_scope_grants_nothing_unless_that_is_asked_for() {
    for held in ["agents", "agents:*"] {
        let layer = RequireScopes::all(["agents:read"]).unwrap();
        assert_eq!(status(layer.clone(), &ada(&[held])).await, 403, "{held}");
        assert_eq!(
            status(layer.hierarchical(), &ada(&[held])).await,
            200,
            "{held}"
        );
    }
}

#[tokio::test]
async fn a_higher_scope_grants_every_level_below() {
    let layer = RequireScopes::all(["agents:read:own"])
        .unwrap()
        .hierarchical();
    for held in ["agents", "agents:*", "agents:read", "agents:read:*"] {
        assert_eq!(status(layer.clone(), &ada(&[held])).await, 200, "{held}");
    }
}

#[tokio::test]
async fn a_lower_or_neighbouring_scope_grants_nothing() {
    let layer = RequireScopes::all(["agents:read"]).unwrap().hierarchical();
    for held in [
        "agents:read:own",
        "agent",
        "agent:*",
        "agents:",
        "agents*",
        "*:read",
        "agents:write",
        "agents:r*",
        "AGENTS",
    ] {
        assert_eq!(status(layer.clone(), &ada(&[held])).await, 403, "{held}");
    }
}

#[tokio::test]
async fn a_star_of_a_key_record_grants_all() {
    let keys = ApiKeyAuth::new([ApiKeyRecord::new("root", "sk-live-9f").unwrap()]).unwrap();
    let app = run()
        .route_layer(RequireScopes::all(["agents:invoke", "*"]).unwrap())
        .layer(AuthLayer::new(keys));
    let answer = send(
        &app,
        request("GET", "/run", &[("x-api-key", b"sk-live-9f")]),
    )
    .await;
    answer.accepted_as("root");
}

#[tokio::test]
async fn a_star_of_a_token_grants_nothing() {
    let caller = token_holder("* read");
    for layer in [
        RequireScopes::all(["agents:invoke"]).unwrap(),
        RequireScopes::any(["agents:invoke", "a"]).unwrap(),
        RequireScopes::all(["agents:invoke"])
            .unwrap()
            .hierarchical(),
        RequireScopes::all(["*"]).unwrap(),
        RequireScopes::all(["*"]).unwrap().hierarchical(),
        RequireScopes::all(["*:read"]).unwrap().hierarchical(),
    ] {
        assert_eq!(status(layer.clone(), &caller).await, 403, "{layer:?}");
    }
    assert_eq!(
        status(RequireScopes::all(["read"]).unwrap(), &caller).await,
        200
    );
}

#[tokio::test]
async fn a_token_without_scopes_holds_none() {
    assert_eq!(
        status(RequireScopes::any(["a"]).unwrap(), &token_holder("")).await,
        403
    );
}

#[tokio::test]
async fn layers_add_up() {
    let app = |caller| {
        run()
            .route_layer(RequireScopes::all(["a"]).unwrap())
            .route_layer(RequireScopes::all(["b"]).unwrap())
            .layer(signed_in(&caller))
    };
    get(&app(ada(&["a", "b"])), "/run").await.accepted_as("ada");
    for held in ["a", "b"] {
        get(&app(ada(&[held])), "/run")
            .await
            .refused_with(403, "insufficient_scope");
    }
}
