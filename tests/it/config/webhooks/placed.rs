//! Wherever the two layers stand around an app, and whatever runs between them, only what was proven
//! gets to the path that it was proven for.

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Request},
    routing,
};
use serde_json::json;
use tower::{Layer, ServiceBuilder, ServiceExt, util::MapRequestLayer};
use tower_auth::webhook::WebhookRoutesBody;

use super::{
    super::files::yaml,
    kit::{self, Inner, KEY, SECRET, TOKEN, built, post, telegram, update},
};
use crate::common::{
    answer::{Answer, send},
    wire::{Server, status},
};

fn body(id: u32) -> String {
    json!({"update_id": id, "message": {"from": {"id": 42}, "chat": {"id": 42}}}).to_string()
}

fn delivery(path: &str, id: u32) -> Request {
    post(path, &[(TOKEN, SECRET)], body(id))
}

#[track_caller]
fn refused(answer: &Answer, inner: &Inner) {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(inner.runs(), 0);
}

#[tokio::test]
async fn nested_app_takes_deliveries_at_the_whole_path_alone() {
    let whole = telegram("").replace("/hooks/telegram", "/api/hooks/telegram");
    // Both inside, one on either side, both outside.
    for place in 0..3 {
        let inner = Inner::new();
        let setup = built(yaml(&whole));
        let (auth, webhooks) = setup.into_layers();
        let app = match place {
            0 => Router::new().nest("/api", inner.app.clone().layer(auth).layer(webhooks)),
            1 => Router::new()
                .nest("/api", inner.app.clone().layer(auth))
                .layer(webhooks),
            _ => Router::new()
                .nest("/api", inner.app.clone())
                .layer(auth)
                .layer(webhooks),
        };
        let guessed = post("/api/hooks/telegram", &[(TOKEN, "guessed")], body(1));
        refused(&send(&app, guessed).await, &inner);
        for path in ["/api/run", "/api/hooks/second", "/api/hooks/telegram/"] {
            let answer = send(&app, delivery(path, 2)).await;
            assert!(
                matches!(answer.status.as_u16(), 401 | 404),
                "{place} {path}"
            );
            assert_eq!(inner.runs(), 0, "{place} {path}");
        }
        let answer = send(&app, delivery("/api/hooks/telegram", 3)).await;
        assert_eq!(kit::user(&answer), "42", "{place}");
    }
}

#[tokio::test]
async fn path_of_the_file_is_not_that_inside_a_nested_app() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let (auth, webhooks) = setup.into_layers();
    let nested = inner.app.clone().layer(auth).layer(webhooks);
    let app = Router::new().nest("/api", nested);
    refused(
        &send(&app, delivery("/api/hooks/telegram", 1)).await,
        &inner,
    );
}

#[tokio::test]
async fn layers_on_routes_or_around_everything_let_in_the_same() {
    for around_all in [false, true] {
        let inner = Inner::new();
        let setup = built(yaml(&telegram("")));
        let (auth, webhooks) = setup.into_layers();
        let app = if around_all {
            let service = ServiceBuilder::new()
                .layer(webhooks)
                .layer(auth)
                .service(inner.app.clone());
            Router::new().fallback_service(service)
        } else {
            let routes = inner.app.clone();
            routes.route_layer(auth).route_layer(webhooks)
        };
        let guessed = post("/hooks/telegram", &[(TOKEN, "guessed")], body(1));
        refused(&send(&app, guessed).await, &inner);
        refused(&send(&app, delivery("/run", 2)).await, &inner);
        let answer = send(&app, delivery("/hooks/telegram", 3)).await;
        assert_eq!(kit::user(&answer), "42");
        let answer = send(&app, post("/run", &[("x-api-key", KEY)], "")).await;
        assert_eq!(kit::user(&answer), "ada");
    }
}

#[tokio::test]
async fn what_was_proven_is_worth_nothing_on_the_path_it_is_rewritten_to() {
    let hooks = "    - {path: /hooks/second, scheme: github, secret: It's a Secret to Everybody}\n";
    for to in ["/run", "/hooks/second", "/hooks/third"] {
        let inner = Inner::new();
        let setup = built(yaml(&telegram(hooks)));
        let (auth, webhooks) = setup.into_layers();
        let rewrite =
            MapRequestLayer::new(move |mut request: http::Request<WebhookRoutesBody<Body>>| {
                *request.uri_mut() = to.parse().unwrap();
                request
            });
        let guarded = inner.app.clone().layer(auth);
        let app = webhooks.layer(rewrite.layer(guarded));
        let answer = app.oneshot(delivery("/hooks/telegram", 1)).await.unwrap();
        assert_eq!(answer.status(), 401, "{to}");
        assert_eq!(inner.runs(), 0, "{to}");
    }
}

/// A handler that hands the request on keeps its extensions, and the mark is among them.
#[tokio::test]
async fn what_was_proven_is_worth_nothing_for_another_request_of_the_handler() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let (auth, webhooks) = setup.into_layers();
    let guarded = inner.app.clone().layer(auth.clone());
    let hand_on = move |mut request: Request| {
        *request.uri_mut() = "/run".parse().unwrap();
        *request.body_mut() = Body::empty();
        request.extensions_mut().remove::<OriginalUri>();
        guarded.clone().oneshot(request)
    };
    let app = Router::new()
        .route("/hooks/telegram", routing::post(hand_on))
        .layer(auth)
        .layer(webhooks);
    refused(&send(&app, update(SECRET, 42)).await, &inner);
}

#[tokio::test]
async fn no_form_of_the_target_on_the_wire_gets_around_the_proof() {
    let inner = Inner::new();
    let setup = built(yaml(&telegram("")));
    let (auth, webhooks) = setup.into_layers();
    let app = inner.app.clone().layer(auth).layer(webhooks);
    let server = Server::start(app).await;
    for target in [
        "/hooks/telegram",
        "http://other.example/hooks/telegram",
        "http://other.example:80/hooks/telegram?x=/run",
        "/hooks/telegram?",
        "/hooks/telegram#x",
        "/hooks/telegram/..",
        "/./hooks/telegram",
        "*",
        "other.example:80",
    ] {
        for more in [
            "X-Telegram-Bot-Api-Secret-Token: guessed\r\n",
            "X-Api-Key: sk-live-9f\r\n",
            "Expect: 100-continue\r\nX-Api-Key: sk-live-9f\r\nContent-Length: 0\r\n",
        ] {
            let answer = server.ask_with("POST", target, more).await;
            assert!(matches!(status(&answer), 400..=404), "{target}: {answer}");
        }
    }
    assert_eq!(inner.runs(), 0);
    let body = body(1);
    let more = format!("{TOKEN}: {SECRET}\r\nContent-Length: {}\r\n", body.len());
    let target = "http://other.example/hooks/telegram?x";
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{more}\r\n{body}"
    );
    assert_eq!(status(&server.send(request.as_bytes()).await), 200);
    assert_eq!(inner.runs(), 1);
}
