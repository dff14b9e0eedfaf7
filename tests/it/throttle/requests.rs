//! Requests of callers, keys, tenants and routes, held to their limits [14.3].

use std::time::Duration;

use axum::{Router, routing::get};
use http::HeaderName;
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest, CredentialSource,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth, provider_fn},
    testing::{self, ManualClock},
    throttle::{EXPOSED_HEADERS, Limit, Requests, ThrottleLayer},
};
use tower_http::cors::{Any, CorsLayer};

use super::{
    kit::{PEER, from},
    world::{World, callers, quota},
};
use crate::common::{answer::send, log::Log};

#[tokio::test]
async fn a_caller_is_held_to_the_limit_and_another_is_not() {
    let world = World::new([Limit::by_caller(quota("5 per minute"))]);
    assert_eq!(world.passed("GET /run", "ada").await, 5);
    assert_eq!(world.passed("GET /run", "eve").await, 5);
    world.clock.advance(Duration::from_secs(24));
    assert_eq!(world.passed("GET /run", "ada").await, 2);
}

#[tokio::test]
async fn every_answer_tells_what_is_left_and_the_refusal_when_to_come_back() {
    let world = World::new([Limit::by_caller(quota("2 per minute"))]);
    for left in ["1", "0"] {
        let answer = world.ask("GET /run", "ada").await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.headers["ratelimit"],
            format!("\"caller\";r={left};t=30")
        );
        assert_eq!(answer.headers["ratelimit-policy"], "\"caller\";q=2;w=60");
        assert!(!answer.headers.contains_key("retry-after"));
    }
    world.clock.advance(Duration::from_secs(7));
    let refused = world.ask("GET /run", "ada").await;
    refused.refused_with(429, "throttled");
    assert_eq!(refused.headers["retry-after"], "23");
    assert_eq!(refused.headers.get_all("ratelimit").iter().count(), 1);
    assert_eq!(refused.headers["ratelimit"], "\"caller\";r=0;t=23");
    assert_eq!(refused.headers["ratelimit-policy"], "\"caller\";q=2;w=60");
    let body: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(
        body["type"],
        "https://iana.org/assignments/http-problem-types#quota-exceeded"
    );
    assert_eq!(body["violated-policies"], serde_json::json!(["caller"]));
    // Who waits as long as they are told is let in.
    world.clock.advance(Duration::from_secs(23));
    assert_eq!(world.ask("GET /run", "ada").await.status, 200);
}

#[tokio::test]
async fn of_several_limits_all_count_or_none_and_the_tightest_is_told() {
    let world = World::new([
        Limit::by_caller(quota("100 per minute")),
        Limit::by_tenant(quota("3 per minute")),
    ]);
    let answer = world.ask("GET /run", "ada@acme").await;
    assert_eq!(answer.headers["ratelimit"], "\"tenant\";r=2;t=20");
    let policies = "\"caller\";q=100;w=60, \"tenant\";q=3;w=60";
    assert_eq!(answer.headers["ratelimit-policy"], policies);
    assert_eq!(world.passed("GET /run", "eve@acme").await, 2);
    for _ in 0..200 {
        assert_eq!(world.ask("GET /run", "ada@acme").await.status, 429);
    }
    // What was refused for the tenant took nothing from the caller.
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.passed("GET /run", "ada@acme").await, 3);
    let answer = world.ask("GET /run", "ada@acme").await;
    assert_eq!(answer.headers["ratelimit"], "\"tenant\";r=0;t=20");
}

#[tokio::test]
async fn who_has_no_tenant_shares_no_bucket_with_others() {
    let world = World::new([Limit::by_tenant(quota("3 per minute"))]);
    assert_eq!(world.passed("GET /run", "ada").await, 3);
    assert_eq!(world.passed("GET /run", "eve").await, 3);
    assert_eq!(world.passed("GET /run", "bob@acme").await, 3);
    assert_eq!(world.passed("GET /run", "cyd@acme").await, 0);
}

#[tokio::test]
async fn tenants_of_one_name_that_two_sources_vouch_for_are_two() {
    let limits = [
        Limit::by_tenant(quota("3 per minute")),
        Limit::by_claim("plan", quota("3 per minute")),
    ];
    for limit in limits {
        let source = |header: &'static str, source: &'static str| {
            provider_fn(move |request: &AuthRequest<'_>| {
                Ok(request.header(header).map(|user| {
                    AuthContext::new(user)
                        .with_claim("tenant", "acme")
                        .with_claim("plan", "gold")
                }))
            })
            .with_credentials([CredentialSource::header(HeaderName::from_static(header))])
            .with_source(source)
            .unwrap()
        };
        let chain = CompositeAuth::new(source("x-one", "one")).or(source("x-two", "two"));
        let layer = AuthLayer::new(chain).throttle_requests(Requests::new([limit]).unwrap());
        let app = crate::common::answer::guarded(layer);
        for header in ["x-one", "x-two"] {
            for (number, status) in [200, 200, 200, 429].into_iter().enumerate() {
                let user = format!("user-{number}");
                let answer = send(&app, from(PEER, "GET /run", &[(header, &user)])).await;
                assert_eq!(answer.status, status, "{header} {number}");
            }
        }
    }
}

#[tokio::test]
async fn a_public_path_is_limited_by_address_alone() {
    let world = World::new([
        Limit::by_caller(quota("1 per minute")),
        Limit::by_address(quota("5 per minute"))
            .for_route("/public")
            .unwrap(),
    ]);
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(
            send(&world.app, from(PEER, "GET /public", &[]))
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let other = send(&world.app, from("203.0.113.8", "GET /public", &[])).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_limit_of_all_counts_everybody() {
    let world = World::new([Limit::of_all(quota("3 per minute"))]);
    for caller in ["ada", "bob", "cyd"] {
        assert_eq!(world.ask("GET /run", caller).await.status, 200);
    }
    assert_eq!(world.ask("GET /run", "eve").await.status, 429);
    assert_eq!(
        send(&world.app, from(PEER, "GET /public", &[]))
            .await
            .status,
        429
    );
}

#[tokio::test]
async fn two_keys_of_one_caller_are_two_keys_and_one_caller() {
    let record = |name: &str| ApiKeyRecord::new(name, format!("sk-live-{name}-9f03a51d")).unwrap();
    let keys =
        ApiKeyAuth::new(["old", "new"].map(|name| record(name).with_user_id("ada"))).unwrap();
    let clock = ManualClock::now();
    let passed = async |limit: Limit| {
        let throttle =
            ThrottleLayer::new(Requests::new([limit]).unwrap().with_clock(clock.clock()));
        let app = Router::new()
            .route("/run", get(async || "ran"))
            .layer(throttle)
            .layer(AuthLayer::new(keys.clone()));
        let mut passed = [0, 0];
        for (place, name) in ["old", "new"].into_iter().enumerate() {
            let key = format!("sk-live-{name}-9f03a51d");
            for _ in 0..5 {
                let answer = send(&app, from(PEER, "GET /run", &[("x-api-key", &*key)])).await;
                passed[place] += usize::from(answer.status == 200);
            }
        }
        passed
    };
    assert_eq!(passed(Limit::by_key(quota("3 per minute"))).await, [3, 3]);
    assert_eq!(
        passed(Limit::by_caller(quota("3 per minute"))).await,
        [3, 0]
    );
}

#[tokio::test]
async fn head_options_and_upgrades_are_requests_like_any_other() {
    let world = World::new([Limit::by_caller(quota("5 per minute"))]);
    for line in [
        "HEAD /run",
        "OPTIONS /run",
        "GET /run",
        "POST /run",
        "PUT /run",
    ] {
        assert_eq!(world.ask(line, "ada").await.status, 200, "{line}");
    }
    for line in ["HEAD /run", "OPTIONS /run"] {
        assert_eq!(world.ask(line, "ada").await.status, 429, "{line}");
    }
    let headers = [
        ("x-user", "ada"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
    ];
    let upgrade = send(&world.app, from(PEER, "GET /run", &headers)).await;
    assert_eq!(upgrade.status, 429);
    let headers = [
        ("x-user", "ada"),
        ("content-type", "application/grpc+proto"),
    ];
    let grpc = send(&world.app, from(PEER, "POST /run", &headers)).await;
    assert_eq!(grpc.headers["grpc-status"], "8");
}

#[tokio::test]
async fn pages_of_another_origin_read_what_is_left() {
    let clock = ManualClock::now();
    let throttle = Requests::new([Limit::by_caller(quota("1 per minute"))]).unwrap();
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .expose_headers(EXPOSED_HEADERS);
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .layer(ThrottleLayer::new(throttle.with_clock(clock.clock())))
        .layer(AuthLayer::new(callers()))
        .layer(cors);
    for status in [200, 429] {
        let headers = [("x-user", "ada"), ("origin", "https://page.example")];
        let answer = send(&app, from(PEER, "GET /run", &headers)).await;
        assert_eq!(answer.status, status);
        let exposed = answer.headers["access-control-expose-headers"]
            .to_str()
            .unwrap();
        for name in ["ratelimit", "ratelimit-policy", "retry-after"] {
            assert!(
                exposed.split(',').any(|exposed| exposed == name),
                "{exposed}"
            );
        }
        assert!(answer.headers.contains_key("ratelimit"));
    }
    // A preflight is answered by the outer layer, and nobody's request.
    let headers = [
        ("origin", "https://page.example"),
        ("access-control-request-method", "GET"),
    ];
    let preflight = send(&app, from(PEER, "OPTIONS /run", &headers)).await;
    assert_eq!(preflight.status, 200);
}

#[tokio::test]
async fn a_refusal_is_worded_by_the_layer_around_it() {
    let clock = ManualClock::now();
    let throttle = Requests::new([Limit::by_caller(quota("1 per minute"))]).unwrap();
    let auth = AuthLayer::new(testing::accept(AuthContext::new("ada"))).with_refusal(
        |error, _, mut response| {
            assert_eq!(error.kind(), tower_auth::AuthErrorKind::Throttled);
            response
                .headers_mut()
                .insert("x-worded", http::HeaderValue::from_static("yes"));
            response
        },
    );
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .layer(ThrottleLayer::new(throttle.with_clock(clock.clock())))
        .layer(auth);
    send(&app, from(PEER, "GET /run", &[])).await;
    let refused = send(&app, from(PEER, "GET /run", &[])).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["x-worded"], "yes");
    assert_eq!(refused.headers.get_all("ratelimit").iter().count(), 1);
}

#[tokio::test]
async fn a_layer_that_sees_no_caller_says_so_once() {
    let log = Log::start();
    let throttle = Requests::new([Limit::by_caller(quota("1 per minute"))]).unwrap();
    let throttle = ThrottleLayer::new(throttle);
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .layer(throttle);
    for _ in 0..250 {
        assert_eq!(send(&app, from(PEER, "GET /run", &[])).await.status, 200);
    }
    let told = log.events().into_iter();
    let told = told.filter(|event| {
        event
            .field("message")
            .is_some_and(|text| text.contains("saw no caller"))
    });
    assert_eq!(told.count(), 1);
}

#[test]
fn limits_that_cannot_be_are_faults() {
    let a_minute = quota("10 per minute, burst 2");
    let many = (0..9).map(|number| {
        Limit::by_caller(a_minute)
            .with_name(&number.to_string())
            .unwrap()
    });
    for (limits, says) in [
        (many.collect(), "more than eight"),
        (
            vec![Limit::by_caller(a_minute), Limit::by_caller(a_minute)],
            "another name",
        ),
        (
            vec![Limit::by_caller(a_minute).with_cost(3)],
            "lower the cost",
        ),
    ] {
        let error = Requests::new(limits).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    for name in ["", "a b", "a\"b", "ü", &"a".repeat(65)] {
        assert!(
            Limit::by_caller(a_minute).with_name(name).is_err(),
            "{name}"
        );
    }
    assert!(Limit::by_caller(a_minute).for_route("no-slash").is_err());
}
