//! Which requests a limit counts, and what they cost [14.3].

use std::time::Duration;

use axum::{Router, routing::get};
use http::Method;
use tower_auth::{
    AuthContext, AuthLayer,
    testing::ManualClock,
    throttle::{Limit, Requests, ThrottleLayer},
};

use super::{
    kit::{PEER, from},
    world::{World, callers, quota},
};
use crate::common::answer::send;

#[tokio::test]
async fn scopes_choose_who_is_counted() {
    let world = World::new([
        Limit::by_caller(quota("2 per minute"))
            .with_name("trial")
            .unwrap()
            .for_scope("trial"),
        Limit::by_caller(quota("4 per minute")).except_scope("gold"),
    ]);
    assert_eq!(world.passed("GET /run", "ada+trial").await, 2);
    assert_eq!(world.passed("GET /run", "bob").await, 4);
    for _ in 0..50 {
        let answer = world.ask("GET /run", "cyd+gold").await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("ratelimit"));
    }
}

#[tokio::test]
async fn a_route_has_a_limit_and_a_cost_of_its_own() {
    let runs = |path: &str| {
        Limit::by_caller(quota("4 per minute"))
            .for_route((Method::GET, path))
            .unwrap()
            .with_cost(2)
    };
    for (path, inside, outside) in [
        ("/run", "/run", "/runs/7"),
        ("/runs/{id}", "/runs/7", "/run"),
        ("/runs/7", "/runs/7", "/runs/8"),
        ("/files/{*rest}", "/files/a/b", "/run"),
    ] {
        let world = World::new([runs(path)]);
        for number in 0..10 {
            let answer = world.ask(&format!("GET {outside}"), "ada").await;
            assert_eq!(answer.status, 200, "{path} {number}");
            let answer = world.ask(&format!("POST {inside}"), "ada").await;
            assert_eq!(answer.status, 200, "{path} {number}");
        }
        assert_eq!(
            world.passed(&format!("HEAD {inside}"), "ada").await,
            2,
            "{path}"
        );
        assert_eq!(
            world.passed(&format!("GET {inside}"), "ada").await,
            0,
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_spelling_of_a_path_is_of_the_same_route() {
    let limit = Limit::by_caller(quota("2 per minute"))
        .for_route("/runs/{id}")
        .unwrap();
    let world = World::new([limit]);
    let mut passed = 0;
    for spelling in [
        "/runs/7",
        "/runs/%37",
        "/runs/a%2fb",
        "/runs/..",
        "/runs/;x",
    ] {
        let answer = world.ask(&format!("GET {spelling}"), "ada").await;
        passed += usize::from(answer.status == 200);
    }
    assert_eq!(passed, 2);
}

#[tokio::test]
async fn a_handler_charges_more_after_the_fact() {
    let world = World::new([
        Limit::by_caller(quota("10 per minute")),
        Limit::by_tenant(quota("100 per minute")),
    ]);
    assert_eq!(world.ask("POST /charge", "ada@acme").await.status, 200);
    let answer = world.ask("GET /run", "ada@acme").await;
    assert_eq!(answer.headers["ratelimit"], "\"caller\";r=4;t=6");
    // Beyond what is there: the next requests wait.
    assert_eq!(world.ask("POST /charge", "ada@acme").await.status, 200);
    let refused = world.ask("GET /run", "ada@acme").await;
    assert_eq!(refused.headers["retry-after"], "12");
    // The tenant was charged too.
    let answer = world.ask("GET /run", "eve@acme").await;
    assert_eq!(answer.headers["ratelimit"], "\"tenant\";r=88;t=1");
    world.clock.advance(Duration::from_secs(12));
    assert_eq!(world.passed("GET /run", "ada@acme").await, 1);
}

#[tokio::test]
async fn a_handler_without_a_limit_around_it_charges_nobody() {
    let caller = AuthContext::new("ada");
    caller.charge(1_000_000);
}

#[tokio::test]
async fn a_handler_charges_the_limits_of_every_layer_around_it() {
    let clock = ManualClock::now();
    let throttle = |name: &str| {
        let limit = Limit::by_caller(quota("10 per minute"))
            .with_name(name)
            .unwrap();
        ThrottleLayer::new(Requests::new([limit]).unwrap().with_clock(clock.clock()))
    };
    let charged = async |caller: AuthContext| caller.charge(4);
    let app = Router::new()
        .route("/charge", get(charged))
        .layer(throttle("inner"))
        .route("/run", get(async || "ran"))
        .layer(throttle("outer"))
        .layer(AuthLayer::new(callers()));
    let ask = async |line: &str| send(&app, from(PEER, line, &[("x-user", "ada")])).await;
    let charged = ask("GET /charge").await;
    let told: Vec<_> = charged.headers.get_all("ratelimit").iter().collect();
    assert_eq!(told, ["\"inner\";r=9;t=6", "\"outer\";r=9;t=6"]);
    assert_eq!(
        ask("GET /run").await.headers["ratelimit"],
        "\"outer\";r=4;t=6"
    );
    assert_eq!(
        ask("GET /charge").await.headers["ratelimit"],
        "\"inner\";r=4;t=6"
    );
}
