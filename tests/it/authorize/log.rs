//! One event per decision, and nothing in it that a caller could write a log with.

use http::Method;
use tower_auth::{
    AuthContext,
    authorize::{AuthorizeLayer, Authorizer, RequireScopes, by_scope},
};
use tracing::Level;

use crate::authorize::{
    apps::{EVERY_ANSWER, Told, ada, get, run, signed_in},
    common::{
        answer::{request, send, witness},
        log::{Event, Log},
    },
};

/// The event of the inner layer: the outer one logs its own before.
fn last(log: &Log) -> Event {
    let events = log.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[0].field("outcome"), Some("accepted"));
    events[1].clone()
}

#[tokio::test]
async fn a_grant_is_one_event_at_debug() {
    let layer = AuthorizeLayer::new(by_scope(), "graph", "invoke").unwrap();
    let app = run()
        .route_layer(layer)
        .layer(signed_in(&ada(&["graph:invoke"])));
    let log = Log::start();
    get(&app, "/run").await;
    let event = last(&log);
    assert_eq!(event.level, Level::DEBUG);
    for (name, value) in [
        ("outcome", "allowed"),
        ("user_id", "ada"),
        ("resource", "graph"),
        ("action", "invoke"),
        ("path", "/run"),
    ] {
        assert_eq!(event.field(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_refusal_is_one_event_that_says_who_wanted_what() {
    let layer = AuthorizeLayer::new(by_scope(), "graph", "invoke").unwrap();
    let app = run().route_layer(layer).layer(signed_in(&ada(&[])));
    let log = Log::start();
    get(&app, "/run").await;
    let event = last(&log);
    assert_eq!(event.level, Level::INFO);
    for (name, value) in [
        ("outcome", "refused"),
        ("provider", "by_scope"),
        ("code", "insufficient_scope"),
        ("user_id", "ada"),
        ("resource", "graph"),
        ("action", "invoke"),
        ("scopes", "graph:invoke"),
        ("path", "/run"),
    ] {
        assert_eq!(event.field(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn every_answer_is_one_event_pending_or_not() {
    for told in EVERY_ANSWER {
        for authorizer in [told.at_once(), told.later()] {
            let layer = AuthorizeLayer::new(authorizer, "graph", "invoke").unwrap();
            let app = run().route_layer(layer).layer(signed_in(&ada(&[])));
            let log = Log::start();
            get(&app, "/run").await;
            let level = match told {
                Told::Allow => Level::DEBUG,
                Told::Fail | Told::Panic => Level::ERROR,
                _ => Level::INFO,
            };
            let event = last(&log);
            assert_eq!(
                (event.level, event.field("user_id")),
                (level, Some("ada")),
                "{told:?}"
            );
            assert_eq!(event.field("resource"), Some("graph"), "{told:?}");
        }
    }
}

#[tokio::test]
async fn the_scopes_layer_says_which_scopes_it_wanted() {
    let app = run()
        .route_layer(RequireScopes::all(["a", "b"]).unwrap())
        .layer(signed_in(&ada(&["a"])));
    let log = Log::start();
    get(&app, "/run").await;
    let event = last(&log);
    assert_eq!(event.field("scopes"), Some("a b"));
    assert_eq!(event.field("provider"), Some("scopes"));
}

#[tokio::test]
async fn a_check_in_a_handler_is_one_event_too() {
    for told in EVERY_ANSWER {
        for authorizer in [told.at_once(), told.later()] {
            let log = Log::start();
            let answer = authorizer.check(&ada(&[]), "graph", "invoke").await;
            let event = log.only();
            let outcome = if answer.is_ok() { "allowed" } else { "refused" };
            assert_eq!(event.field("outcome"), Some(outcome), "{told:?}");
            assert_eq!(event.field("user_id"), Some("ada"), "{told:?}");
            assert_eq!(event.field("action"), Some("invoke"), "{told:?}");
        }
    }
}

#[tokio::test]
async fn require_is_one_event_too() {
    let log = Log::start();
    ada(&["a"]).require_scopes("a").unwrap();
    assert_eq!(log.only().field("outcome"), Some("allowed"));
    ada(&["a"]).require_scopes("b").unwrap_err();
    assert_eq!(log.only().field("scopes"), Some("b"));
}

#[tokio::test]
async fn a_name_of_the_callers_cannot_write_lines_or_fill_the_log() {
    let caller = AuthContext::new(format!("ada\nERROR forged{}", "x".repeat(100)));
    let log = Log::start();
    let resource = format!("agent:7\r\n{}", "y".repeat(100));
    let _refused = by_scope().check(&caller, &resource, "read").await;
    let event = log.only();
    for name in ["user_id", "resource", "scopes"] {
        let value = event.field(name).unwrap();
        assert!(!value.contains(['\n', '\r']), "{value}");
        assert!(value.chars().count() <= 70, "{value}");
    }
}

#[tokio::test]
async fn an_id_of_the_path_is_cut_and_escaped() {
    let app = axum::Router::new()
        .route(
            "/agents/{id}",
            axum::routing::any(witness)
                .layer(AuthorizeLayer::new(by_scope(), "agent:{id}", "read").unwrap()),
        )
        .layer(signed_in(&ada(&[])));
    let log = Log::start();
    let path = format!("/agents/%0aERROR{}", "z".repeat(200));
    send(&app, request(Method::GET.as_str(), &path, &[])).await;
    let event = last(&log);
    let resource = event.field("resource").unwrap();
    assert!(resource.starts_with("agent:%0AERROR") && resource.chars().count() <= 65);
    assert_eq!(event.field("path"), Some("/agents/{id}"));
}
