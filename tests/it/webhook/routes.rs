//! Many webhooks in one layer, from code: nothing below their prefix goes in without a proof.

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::Request,
    routing::any,
};
use serde_json::json;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_auth::{
    AuthContext, AuthLayer, Message,
    provider::{AllowlistAuth, ApiKeyAuth},
    webhook::{MemoryReplayStore, WebhookLayer, WebhookRoutes, WebhookRoutesBody},
};

use crate::common::answer::{Answer, Seen, request, send, witness};

const GITHUB: &str = "It's a Secret to Everybody";
const TELEGRAM: &str = "tg_Secret-1234567";
const TOKEN: &str = "x-telegram-bot-api-secret-token";
const KEY: &str = "sk-live-9f";

fn telegram() -> WebhookLayer {
    let people = AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap();
    WebhookLayer::telegram(TELEGRAM).unwrap().allow(people)
}

fn hooks() -> WebhookRoutes {
    WebhookRoutes::new("/hooks")
        .and_then(|hooks| hooks.add_webhook("/hooks/telegram", telegram()))
        .and_then(|hooks| {
            let github = WebhookLayer::github(GITHUB)?;
            hooks.add_webhook("/hooks/github", github)
        })
        .unwrap()
}

fn auth(hooks: &WebhookRoutes) -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap()).access("/hooks/{*rest}", hooks.access())
}

/// An app that runs for every path there is.
fn open() -> Router {
    Router::new()
        .route("/hooks/telegram", any(witness))
        .route("/hooks/github", any(witness))
        .route("/hooks/{source}", any(witness))
        .fallback(witness)
}

/// That app behind the routes alone, and behind both layers.
fn apps() -> [Router; 2] {
    let outer = hooks();
    let both = open().layer(auth(&outer)).layer(outer);
    [open().layer(hooks()), both]
}

fn update(id: u32, user: u32) -> String {
    json!({"update_id": id, "message": {"from": {"id": user}, "chat": {"id": user}}}).to_string()
}

fn delivery(method: &str, path: &str, secret: &str, id: u32) -> Request {
    let mut request = request(method, path, &[(TOKEN, secret.as_bytes())]);
    *request.body_mut() = Body::from(update(id, 42));
    request
}

#[track_caller]
fn refused(answer: &Answer) {
    assert!(!answer.ran(), "it ran: {answer:?}");
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn delivery_that_is_proven_goes_in_as_the_caller_that_it_names() {
    for app in apps() {
        let answer = send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 1)).await;
        assert_eq!(answer.user(), Some("42"));
        let context = answer.seen().context.clone().unwrap();
        assert_eq!(context.method(), "allowlist");
    }
}

#[tokio::test]
async fn delivery_brings_its_bytes_and_its_message() {
    let echo = async |message: Extension<Message>, body: Bytes| {
        format!("{:?} {}", message.0.user_id(), body.len())
    };
    let app = Router::new()
        .route("/hooks/telegram", any(echo))
        .layer(hooks());
    let answer = send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 1)).await;
    let wanted = format!("{:?} {}", Some("42"), update(1, 42).len());
    assert_eq!(answer.body, wanted);
}

#[tokio::test]
async fn webhook_without_a_proof_never_reaches_its_handler() {
    for app in apps() {
        for path in ["/hooks/telegram", "/hooks/github"] {
            refused(&send(&app, request("POST", path, &[])).await);
            refused(&send(&app, delivery("POST", path, "guessed", 1)).await);
            let key = [("x-api-key", KEY.as_bytes())];
            refused(&send(&app, request("POST", path, &key)).await);
        }
        let crossed = delivery("POST", "/hooks/github", TELEGRAM, 1);
        refused(&send(&app, crossed).await);
    }
}

#[tokio::test]
async fn path_below_the_prefix_that_is_no_webhook_is_closed() {
    for app in apps() {
        for path in [
            "/hooks",
            "/hooks/",
            "/hooks/stripe",
            "/hooks/telegram/x",
            "/hooks/telegram/",
        ] {
            for method in ["GET", "POST", "OPTIONS"] {
                refused(&send(&app, delivery(method, path, TELEGRAM, 1)).await);
                let key = [("x-api-key", KEY.as_bytes())];
                refused(&send(&app, request(method, path, &key)).await);
            }
        }
    }
}

#[tokio::test]
async fn no_other_method_than_post_goes_to_a_webhook() {
    for app in apps() {
        for method in [
            "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post",
        ] {
            refused(&send(&app, delivery(method, "/hooks/telegram", TELEGRAM, 1)).await);
            let key = [("x-api-key", KEY.as_bytes())];
            refused(&send(&app, request(method, "/hooks/telegram", &key)).await);
        }
    }
}

#[tokio::test]
async fn no_other_spelling_of_a_path_gets_below_the_prefix() {
    for app in apps() {
        for path in [
            "//hooks/telegram",
            "/hooks//telegram",
            "/Hooks/telegram",
            "/hooks/%74elegram",
            "/%68ooks/telegram",
            "/%2568ooks/telegram",
            "/hooks%2ftelegram",
            "/x/../hooks/telegram",
            "/x/%2e%2e/hooks/telegram",
            "/./hooks/telegram",
            "/hooks;x/telegram",
            "/hooks/telegram;x",
            "/hooks/telegram%2f",
            "/hooks/x/../telegram",
        ] {
            refused(&send(&app, delivery("POST", path, TELEGRAM, 1)).await);
            let key = [("x-api-key", KEY.as_bytes())];
            refused(&send(&app, request("GET", path, &key)).await);
        }
    }
}

#[tokio::test]
async fn path_elsewhere_passes_the_routes_untouched() {
    let [alone, both] = apps();
    for path in [
        "/run",
        "/hooksx",
        "/api/hooks/telegram",
        "/a//b",
        "/caf%c3%a9",
    ] {
        let answer = send(&alone, request("GET", path, &[])).await;
        assert!(answer.ran(), "{path}");
        assert_eq!(answer.user(), None, "{path}");
        refused(&send(&both, request("GET", path, &[])).await);
        let key = [("x-api-key", KEY.as_bytes())];
        assert!(
            send(&both, request("GET", path, &key)).await.ran(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn sender_who_may_not_is_answered_and_does_not_go_in() {
    for app in apps() {
        let mut request = request("POST", "/hooks/telegram", &[(TOKEN, TELEGRAM.as_bytes())]);
        *request.body_mut() = Body::from(update(7, 43));
        let answer = send(&app, request).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, &b""[..]));
        assert!(!answer.ran());
    }
}

#[tokio::test]
async fn delivery_goes_in_once() {
    for app in apps() {
        let first = send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 5)).await;
        assert!(first.ran());
        let copy = send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 5)).await;
        assert_eq!(copy.status, 200);
        assert!(!copy.ran());
    }
}

#[tokio::test]
async fn rule_for_the_webhooks_without_the_routes_lets_nobody_in() {
    let hooks = hooks();
    let theirs = self::hooks();
    let inside = open().layer(hooks.clone()).layer(auth(&hooks));
    let none = open().layer(auth(&hooks));
    let others = open().layer(auth(&hooks)).layer(theirs);
    for app in [inside, none, others] {
        for path in ["/hooks/telegram", "/hooks/github", "/hooks/stripe"] {
            refused(&send(&app, delivery("POST", path, TELEGRAM, 1)).await);
            let key = [("x-api-key", KEY.as_bytes())];
            refused(&send(&app, request("POST", path, &key)).await);
        }
    }
}

#[tokio::test]
async fn context_of_another_layer_proves_no_delivery() {
    let hooks = hooks();
    let app = open()
        .layer(auth(&hooks))
        .layer(hooks)
        .layer(Extension(AuthContext::new("42")));
    refused(&send(&app, request("POST", "/hooks/telegram", &[])).await);
    refused(&send(&app, request("GET", "/run", &[])).await);
}

#[tokio::test]
async fn what_was_proven_counts_for_no_path_it_is_rewritten_to() {
    for to in ["/hooks/github", "/hooks/stripe", "/run"] {
        let hooks = hooks();
        let inner = open().layer(auth(&hooks));
        let rewrite = service_fn(move |mut request: http::Request<WebhookRoutesBody<Body>>| {
            *request.uri_mut() = to.parse().unwrap();
            inner.clone().oneshot(request.map(Body::new))
        });
        let app = hooks.layer(rewrite);
        let sent = delivery("POST", "/hooks/telegram", TELEGRAM, 1);
        let answer = app.oneshot(sent).await.unwrap();
        assert_eq!(answer.status(), 401, "{to}");
        assert!(answer.extensions().get::<Seen>().is_none(), "{to}");
    }
}

#[tokio::test]
async fn prefix_of_everything_closes_everything() {
    let hooks = WebhookRoutes::new("/")
        .and_then(|hooks| hooks.add_webhook("/hooks/telegram", telegram()))
        .unwrap();
    let app = open().layer(hooks);
    for path in ["/", "/run", "/health", "/hooks"] {
        refused(&send(&app, request("GET", path, &[])).await);
    }
    assert!(
        send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 1))
            .await
            .ran()
    );
}

#[tokio::test]
async fn handshake_of_a_platform_is_answered_and_other_gets_are_closed() {
    let meta = WebhookLayer::meta("an app secret of Meta")
        .and_then(|meta| meta.with_verify_token("shown by Meta"))
        .unwrap();
    let app = open().layer(hooks().add_webhook("/hooks/meta", meta).unwrap());
    let asked =
        "/hooks/meta?hub.mode=subscribe&hub.challenge=17&hub.verify_token=shown%20by%20Meta";
    let answer = send(&app, request("GET", asked, &[])).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, &b"17"[..]));
    assert!(!answer.ran());
    let answer = send(&app, request("GET", "/hooks/meta", &[])).await;
    assert!(
        !answer.ran() && answer.status.is_client_error(),
        "{answer:?}"
    );
}

#[tokio::test]
async fn replaced_webhooks_hold_from_the_next_request() {
    let handled = MemoryReplayStore::default();
    let routes = |path: &str, secret: &str| {
        let github = WebhookLayer::telegram(secret).unwrap();
        let github = github.with_replay_store(handled.clone());
        let routes = WebhookRoutes::new("/hooks").unwrap();
        routes.add_webhook(path, github).unwrap()
    };
    let hooks = routes("/hooks/telegram", TELEGRAM);
    let auth = auth(&hooks);
    let app = open().layer(auth).layer(hooks.clone());
    assert!(
        send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 1))
            .await
            .ran()
    );

    hooks.replace_all(&routes("/hooks/telegram", "tg_Secret-of-today"));
    refused(&send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 2)).await);
    let new = delivery("POST", "/hooks/telegram", "tg_Secret-of-today", 2);
    assert!(send(&app, new).await.ran());
    let copy = delivery("POST", "/hooks/telegram", "tg_Secret-of-today", 1);
    assert!(
        !send(&app, copy).await.ran(),
        "what was handled stays known"
    );

    hooks.replace_all(&routes("/hooks/second", "tg_Secret-of-today"));
    let gone = delivery("POST", "/hooks/telegram", "tg_Secret-of-today", 3);
    refused(&send(&app, gone).await);
    let second = delivery("POST", "/hooks/second", "tg_Secret-of-today", 3);
    assert!(send(&app, second).await.ran());
}

#[tokio::test]
async fn refusal_of_a_webhook_and_of_a_closed_path_is_worded_by_the_program() {
    let hooks = hooks().with_refusal(|error, _, response| {
        response.map(|_| format!("no delivery: {}", error.code()).into())
    });
    let app = open().layer(hooks);
    for path in ["/hooks/telegram", "/hooks/stripe"] {
        let answer = send(&app, request("POST", path, &[])).await;
        assert_eq!(answer.body, "no delivery: missing_credential", "{path}");
    }
}

#[tokio::test]
async fn a_closure_sees_the_head_of_a_refused_delivery_without_its_secret() {
    let hooks = hooks().with_refusal(|_, request, response| {
        let seen = (request.method(), request.uri(), request.headers());
        response.map(|_| format!("{seen:?}").into())
    });
    let app = open().layer(hooks);
    let guessed = delivery("POST", "/hooks/telegram?page=2", "guessed-secret", 3);
    let answer = send(&app, guessed).await;
    let seen = String::from_utf8_lossy(&answer.body);
    assert!(
        seen.contains("POST") && seen.contains("/hooks/telegram?page=2"),
        "{seen}"
    );
    assert!(!seen.contains("guessed-secret"), "{seen}");
}

#[tokio::test]
async fn refused_delivery_keeps_no_permit_of_a_limit_inside() {
    let mut service = hooks().layer(ConcurrencyLimitLayer::new(1).layer(open()));
    for id in 0..3 {
        let kept = service.clone();
        let ready = ServiceExt::<Request>::ready(&mut service).await.unwrap();
        let answer = ready.call(delivery("POST", "/hooks/telegram", "guessed", id));
        assert_eq!(answer.await.unwrap().status(), 401);
        drop(kept);
    }
    let last = service.oneshot(delivery("POST", "/hooks/telegram", TELEGRAM, 9));
    assert_eq!(last.await.unwrap().status(), 200);
}

#[tokio::test]
async fn header_that_is_a_secret_is_named_and_marked_inside() {
    let hooks = hooks();
    assert_eq!(*hooks.credential_headers(), [TOKEN]);
    let auth = auth(&hooks);
    assert!(auth.credential_headers().iter().any(|name| name == TOKEN));
    let app = open().layer(auth).layer(hooks);
    let answer = send(&app, delivery("POST", "/hooks/telegram", TELEGRAM, 1)).await;
    assert!(answer.seen().headers[TOKEN].is_sensitive());
}

#[test]
fn webhook_outside_of_the_prefix_or_at_a_path_that_is_taken_is_a_fault() {
    for path in ["/run", "/hooksx", "hooks/x", "/hooks/telegram", "/hooks/{"] {
        let github = WebhookLayer::github(GITHUB).unwrap();
        let error = hooks().add_webhook(path, github).unwrap_err().to_string();
        assert!(
            error.contains(path.trim_start_matches("/hooks/")),
            "{error}"
        );
    }
    for prefix in ["", "hooks", "/hooks/", "/hooks/{source}", "/%68ooks"] {
        assert!(WebhookRoutes::new(prefix).is_err(), "{prefix}");
    }
}
