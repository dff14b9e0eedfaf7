//! What a path rule opens, and what it leaves closed.

use crate::common;

use axum::{Extension, Router};
use common::{
    oneshot::{app, ask, ran, status},
    runs::{KEY, Runs, auth},
};
use http::{HeaderMap, Method, StatusCode, header};
use tower::ServiceBuilder;
use tower_auth::{Access, AuthContext, AuthLayer, provider::ApiKeyAuth};

const PARTNER_KEY: &str = "sk-partner-1";

#[tokio::test]
async fn a_plain_rule_opens_exactly_its_path() {
    let app = app(
        ["/feed", "/feed/", "/feed/a", "/feeds"],
        auth().public("/feed"),
    );
    assert_eq!(status(&app, "GET /feed").await, 200);
    for closed in ["GET /feed/", "GET /feed/a", "GET /feeds"] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
}

#[tokio::test]
async fn a_plain_rule_opens_no_other_path_of_its_length() {
    let opened: Vec<String> = (0..300).step_by(3).map(|id| format!("/a{id:03}")).collect();
    // Neither in order nor against it.
    let (front, back) = opened.split_at(40);
    let rules = back.iter().rev().chain(front);
    let layer = rules.fold(auth(), |layer, path| layer.public(path.as_str()));
    let app = app(["/{any}"], layer);
    for id in 0..300 {
        let path = format!("/a{id:03}");
        let wanted = if opened.contains(&path) { 200 } else { 401 };
        assert_eq!(status(&app, &format!("GET {path}")).await, wanted, "{path}");
    }
    for closed in ["GET /A000", "GET /a00", "GET /a0000", "GET /%61000"] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
}

#[tokio::test]
async fn a_parameter_stands_for_one_segment() {
    let routes = ["/hooks/{name}", "/hooks/{name}/log", "/hooks/"];
    let app = app(routes, auth().public("/hooks/{source}"));
    assert_eq!(status(&app, "POST /hooks/github").await, 200);
    for closed in ["POST /hooks/github/log", "POST /hooks/", "POST /hooks//log"] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
}

#[tokio::test]
async fn a_parameter_does_not_open_a_literal_route() {
    let routes = ["/hooks/{name}", "/hooks/partner"];
    let app = app(routes, auth().public("/hooks/{source}"));
    assert_eq!(status(&app, "POST /hooks/github").await, 200);
    assert_eq!(status(&app, "POST /hooks/partner").await, 401);
}

#[tokio::test]
async fn a_parameter_opens_what_a_catch_all_route_takes() {
    let app = app(["/hooks/{*rest}"], auth().public("/hooks/{source}"));
    assert_eq!(status(&app, "POST /hooks/github").await, 200);
    assert_eq!(status(&app, "POST /hooks/github/log").await, 401);
}

#[tokio::test]
async fn a_parameter_is_never_empty() {
    let rules = || auth().public("/{team}/feed");
    let behind_a_route = app(["/{*all}"], rules());
    let around = ServiceBuilder::new()
        .layer(rules())
        .service(Router::new().fallback(Runs::default().handler("all")));
    assert_eq!(status(&behind_a_route, "GET /a/feed").await, 200);
    assert_eq!(status(&behind_a_route, "GET //feed").await, 401);
    assert_eq!(status(&around, "GET /a/feed").await, 200);
    assert_eq!(status(&around, "GET //feed").await, 401);
}

#[tokio::test]
async fn a_catch_all_opens_everything_below_literal_routes_too() {
    let routes = [
        "/assets/{*file}",
        "/assets/private",
        "/assets/a/{b}",
        "/assets/",
    ];
    let app = app(routes, auth().public("/assets/{*rest}"));
    for open in [
        "GET /assets/x",
        "GET /assets/private",
        "GET /assets/a/b",
        "GET /assets/a/b/c",
    ] {
        assert_eq!(status(&app, open).await, 200, "{open}");
    }
    for closed in ["GET /assets/", "GET /assets"] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
}

#[tokio::test]
async fn a_catch_all_opens_a_route_with_a_parameter_after_plain_text() {
    let routes = ["/assets/v{version}", "/assets/v1-latest"];
    let app = app(routes, auth().public("/assets/{*rest}"));
    assert_eq!(status(&app, "GET /assets/v3").await, 200);
}

#[tokio::test]
async fn a_plain_rule_opens_one_path_of_a_route_with_a_parameter() {
    let routes = ["/hooks/{name}", "/users/u{id}"];
    let app = app(routes, auth().public("/hooks/github").public("/users/u1"));
    assert_eq!(status(&app, "POST /hooks/github").await, 200);
    assert_eq!(status(&app, "POST /hooks/gitlab").await, 401);
    assert_eq!(status(&app, "POST /users/u1").await, 200);
    assert_eq!(status(&app, "POST /users/u2").await, 401);
}

#[tokio::test]
async fn a_parameter_does_not_open_a_route_whose_segment_is_only_partly_one() {
    let app = app(["/users/u{id}"], auth().public("/users/{id}"));
    assert_eq!(status(&app, "GET /users/u1").await, 401);
}

/// axum writes a literal brace doubled, so such a route's segment only looks like a parameter.
#[tokio::test]
async fn a_parameter_does_not_open_a_route_with_a_literal_brace() {
    let app = app(["/{{admin}}"], auth().public("/{name}"));
    let answer = ask(&app, "GET /{admin}", &[("x-api-key", KEY)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(status(&app, "GET /{admin}").await, 401);
}

#[tokio::test]
async fn the_narrower_rule_wins() {
    let layer = auth()
        .public("/{*rest}")
        .access("/files/private", Access::Required)
        .access("/files/{user}/keys", Access::Required);
    let app = app(["/{*path}"], layer);
    assert_eq!(status(&app, "GET /files/a").await, 200);
    assert_eq!(status(&app, "GET /files/a/b").await, 200);
    assert_eq!(status(&app, "GET /files/private").await, 401);
    assert_eq!(status(&app, "GET /files/ada/keys").await, 401);
}

/// Falling through to the wider rule would open what somebody took care to close.
#[tokio::test]
async fn a_narrower_rule_that_the_route_does_not_fit_still_hides_a_wider_one() {
    let layer = auth()
        .public("/{*rest}")
        .access("/files/{user}/keys", Access::Required);
    let app = app(["/files/ada/keys"], layer);
    assert_eq!(status(&app, "GET /files/ada/keys").await, 401);
}

#[tokio::test]
async fn a_method_without_a_rule_is_required() {
    let app = app(["/feed"], auth().public((Method::GET, "/feed")));
    assert_eq!(status(&app, "GET /feed").await, 200);
    for closed in ["POST /feed", "OPTIONS /feed", "DELETE /feed", "get /feed"] {
        assert_eq!(status(&app, closed).await, 401, "{closed}");
    }
}

#[tokio::test]
async fn a_rule_for_get_covers_head() {
    let app = app(["/feed"], auth().public((Method::GET, "/feed")));
    assert_eq!(status(&app, "HEAD /feed").await, 200);
}

#[tokio::test]
async fn a_rule_for_head_alone_leaves_get_closed() {
    let app = app(["/feed"], auth().public((Method::HEAD, "/feed")));
    assert_eq!(status(&app, "HEAD /feed").await, 200);
    assert_eq!(status(&app, "GET /feed").await, 401);
}

#[tokio::test]
async fn a_rule_for_head_stands_beside_one_for_get() {
    let layer = auth()
        .public((Method::GET, "/feed"))
        .access((Method::HEAD, "/feed"), Access::Required);
    let app = app(["/feed"], layer);
    assert_eq!(status(&app, "GET /feed").await, 200);
    assert_eq!(status(&app, "HEAD /feed").await, 401);
}

#[tokio::test]
async fn a_rule_for_one_method_stands_beside_one_for_all() {
    let layer = auth()
        .public("/feed")
        .access((Method::POST, "/feed"), Access::Required);
    let app = app(["/feed"], layer);
    assert_eq!(status(&app, "GET /feed").await, 200);
    assert_eq!(status(&app, "POST /feed").await, 401);
}

#[tokio::test]
async fn methods_of_one_path_may_name_its_parameter_differently() {
    let layer = auth()
        .public((Method::GET, "/hooks/{a}"))
        .public((Method::POST, "/hooks/{b}"));
    let app = app(["/hooks/{name}"], layer);
    for open in ["GET /hooks/x", "POST /hooks/x"] {
        assert_eq!(status(&app, open).await, 200, "{open}");
    }
    assert_eq!(status(&app, "PUT /hooks/x").await, 401);
}

#[tokio::test]
async fn an_optional_path_passes_without_a_context_when_nothing_is_shown() {
    let app = app(["/feed"], auth().access("/feed", Access::Optional));
    assert_eq!(ran(&app, "GET /feed", &[]).await, "GET /feed");
}

#[tokio::test]
async fn an_optional_path_knows_the_caller_who_shows_a_key() {
    let app = app(["/feed"], auth().access("/feed", Access::Optional));
    let ran = ran(&app, "GET /feed", &[("x-api-key", KEY)]).await;
    assert!(ran.starts_with("GET /feed as apikey_"), "{ran}");
}

#[tokio::test]
async fn an_optional_path_refuses_what_is_shown_and_wrong() {
    let app = app(["/feed"], auth().access("/feed", Access::Optional));
    for (header, value, refused) in [
        ("x-api-key", "sk-wrong", 401),
        ("authorization", "Bearer sk-wrong", 401),
        ("x-api-key", "a\", \"b", 401),
    ] {
        let answer = ask(&app, "GET /feed", &[(header, value)]).await;
        assert_eq!(answer.status(), refused, "{header}: {value}");
    }
    let doubled = [("x-api-key", KEY), ("x-api-key", KEY)];
    let answer = ask(&app, "GET /feed", &doubled).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_path_with_its_own_provider_takes_its_own_key_only() {
    let app = app(["/hooks/partner", "/run"], partner());
    let own = [("x-api-key", PARTNER_KEY)];
    let main = [("x-api-key", KEY)];
    let partner = "POST /hooks/partner";
    assert_eq!(ask(&app, partner, &own).await.status(), StatusCode::OK);
    assert_eq!(
        ask(&app, partner, &main).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        ask(&app, partner, &[]).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        ask(&app, "POST /run", &own).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(ask(&app, "POST /run", &main).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_path_with_its_own_provider_challenges_as_that_one_does() {
    let app = app(["/hooks/partner", "/run"], partner());
    let nothing = ask(&app, "POST /hooks/partner", &[]).await;
    assert_eq!(challenge(nothing.headers()), "Bearer realm=\"api\"");
    let wrong = ask(&app, "POST /hooks/partner", &[("x-api-key", KEY)]).await;
    let challenge = challenge(wrong.headers());
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

/// Where the route is another one than the rule's, its provider has no say: the layer's has.
#[tokio::test]
async fn a_providers_parameter_rule_does_not_reach_a_literal_route() {
    let own = ApiKeyAuth::new([PARTNER_KEY]).unwrap();
    let own = own.with_source("partner").unwrap();
    let layer = auth().access("/hooks/{source}", Access::provider(own));
    let app = app(["/hooks/{name}", "/hooks/admin"], layer);
    let shown = [("x-api-key", PARTNER_KEY)];
    assert_eq!(
        ask(&app, "POST /hooks/a", &shown).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        ask(&app, "POST /hooks/admin", &shown).await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_context_from_outside_is_removed_everywhere() {
    let layer = auth()
        .public("/open")
        .access("/feed", Access::Optional)
        .pass_preflight(true);
    let forged = Extension(AuthContext::new("forged").with_scopes(["*"]));
    let runs = Runs::default();
    let app = ["/open", "/feed", "/health", "/run"]
        .into_iter()
        .fold(Router::new(), |app, path| app.route(path, runs.route("x")))
        .layer(layer)
        .layer(forged);
    for open in ["GET /open", "GET /feed", "GET /health"] {
        assert_eq!(status(&app, open).await, 200, "{open}");
        assert_eq!(runs.take(), ["GET x"], "{open}");
    }
    assert_eq!(
        ask(&app, "OPTIONS /run", &PREFLIGHT).await.status(),
        StatusCode::OK
    );
    assert_eq!(runs.take(), ["OPTIONS x"]);
    assert_eq!(status(&app, "GET /run").await, 401);
}

#[tokio::test]
async fn an_outer_layers_context_does_not_count_within_an_inner_layer() {
    let runs = Runs::default();
    let inner = AuthLayer::new(ApiKeyAuth::new([PARTNER_KEY]).unwrap()).public("/v1/open");
    let nested = Router::new()
        .route("/open", runs.route("open"))
        .route("/run", runs.route("run"))
        .layer(inner);
    let app = Router::new().nest("/v1", nested).layer(auth());
    let shown = [("x-api-key", KEY)];
    assert_eq!(
        ask(&app, "GET /v1/open", &shown).await.status(),
        StatusCode::OK
    );
    assert_eq!(runs.take(), ["GET open"]);
    assert_eq!(
        ask(&app, "GET /v1/run", &shown).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert!(runs.take().is_empty());
}

#[tokio::test]
async fn only_a_true_preflight_passes_unasked() {
    let app = app(["/run"], auth().pass_preflight(true));
    assert_eq!(
        ask(&app, "OPTIONS /run", &PREFLIGHT).await.status(),
        StatusCode::OK
    );
    for (line, headers) in [
        ("OPTIONS /run", &PREFLIGHT[..1]),
        ("OPTIONS /run", &PREFLIGHT[1..]),
        ("OPTIONS /run", &[]),
        ("POST /run", &PREFLIGHT),
        ("GET /run", &PREFLIGHT),
        ("options /run", &PREFLIGHT),
    ] {
        let answer = ask(&app, line, headers).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNAUTHORIZED,
            "{line} {headers:?}"
        );
    }
}

#[tokio::test]
async fn a_preflight_is_asked_unless_told_otherwise() {
    let unset = app(["/run"], auth());
    let unset_again = app(["/run"], auth().pass_preflight(true).pass_preflight(false));
    for app in [unset, unset_again] {
        let answer = ask(&app, "OPTIONS /run", &PREFLIGHT).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

const PREFLIGHT: [(&str, &str); 2] = [
    ("origin", "https://app.example"),
    ("access-control-request-method", "POST"),
];

fn partner() -> AuthLayer {
    let own = ApiKeyAuth::new([PARTNER_KEY]).unwrap();
    let own = own.with_source("partner").unwrap();
    auth().access("/hooks/partner", Access::provider(own))
}

fn challenge(headers: &HeaderMap) -> &str {
    headers[header::WWW_AUTHENTICATE].to_str().unwrap()
}
