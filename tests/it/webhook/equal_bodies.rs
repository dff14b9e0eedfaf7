//! Deliveries that are signed alike: true ones, copies, and copies under another name.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use axum::{Router, extract::Request, response::IntoResponse, routing::post};
use futures_util::FutureExt;
use http::StatusCode;
use tower::ServiceExt;
use tower_auth::{
    AuthError, ConfigErrorKind,
    answer::Answer,
    webhook::{HmacScheme, MemoryReplayStore, ReplayKey, ReplayStore, Reserved, WebhookLayer},
};

use crate::webhook::{
    common::log::Log,
    kit::{Delivery, Hook, NOW, hex, mac, refused},
    schemes::{SECRET, URL, body, named},
};

/// A scheme in which an unsigned header names the delivery.
#[derive(Clone, Copy)]
struct Unsigned {
    name: &'static str,
    header: &'static str,
    layer: fn() -> WebhookLayer,
}

const ALL: [Unsigned; 5] = [
    Unsigned {
        name: "github",
        header: "x-github-delivery",
        layer: || WebhookLayer::github(SECRET).unwrap(),
    },
    Unsigned {
        name: "shopify",
        header: "x-shopify-webhook-id",
        layer: || WebhookLayer::shopify(SECRET).unwrap(),
    },
    Unsigned {
        name: "shopify",
        header: "shopify-webhook-id",
        layer: || WebhookLayer::shopify(SECRET).unwrap(),
    },
    Unsigned {
        name: "twilio",
        header: "i-twilio-idempotency-token",
        layer: || WebhookLayer::twilio(SECRET, URL).unwrap(),
    },
    Unsigned {
        name: "plain hmac",
        header: "x-acme-delivery",
        layer: || WebhookLayer::hmac(plain(), SECRET).unwrap(),
    },
];

fn plain() -> HmacScheme {
    HmacScheme::new("x-acme-signature")
        .and_then(|scheme| scheme.with_unsigned_id("x-acme-delivery"))
        .unwrap()
}

impl Unsigned {
    fn delivery(&self, id: &str) -> Delivery {
        let unnamed = if self.name == "plain hmac" {
            let body = body(NOW);
            let tag = mac(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes(), &[&body]);
            Delivery::new(&body).with("x-acme-signature", hex(&tag))
        } else {
            named(self.name).valid(NOW)
        };
        unnamed.with(self.header, id)
    }

    async fn send(&self, hook: &Hook, id: &str) -> u16 {
        hook.send(&self.delivery(id)).await.status.as_u16()
    }
}

#[tokio::test]
async fn two_true_deliveries_with_equal_bodies_are_both_handled() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)());
        for id in ["1", "2"] {
            assert_eq!(scheme.send(&hook, id).await, 200);
        }
        assert_eq!(hook.runs(), 2, "{}", scheme.name);
    }
}

#[tokio::test]
async fn a_recorded_delivery_is_handled_twice_more_under_other_ids_and_never_again() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)());
        for id in 0..1_000 {
            assert_eq!(scheme.send(&hook, &id.to_string()).await, 200);
        }
        assert_eq!(hook.runs(), 3, "{}", scheme.name);
    }
}

#[tokio::test]
async fn every_further_delivery_with_an_equal_body_leaves_a_warning() {
    let scheme = ALL[0];
    let hook = Hook::new((scheme.layer)());
    let warnings = async |id: &str| {
        let log = Log::start();
        scheme.send(&hook, id).await;
        log.text().matches("WARN").count()
    };
    assert_eq!(warnings("1").await, 0);
    assert_eq!(warnings("2").await, 1);
    assert_eq!(warnings("3").await, 1);
    // This one is not handled.
    assert_eq!(warnings("4").await, 1);
    // And this one is known by its id.
    assert_eq!(warnings("1").await, 0);
}

#[tokio::test]
async fn an_equal_id_is_never_handled_again() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)());
        for id in ["1", "2", "1", "2", "1", "2", "1"] {
            assert_eq!(scheme.send(&hook, id).await, 200);
        }
        assert_eq!(hook.runs(), 2, "{}", scheme.name);
    }
}

#[tokio::test]
async fn a_copy_without_its_id_is_known() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)());
        scheme.send(&hook, "1").await;
        let unnamed = scheme.delivery("1").without(scheme.header);
        for _ in 0..3 {
            assert_eq!(hook.send(&unnamed).await.status, 200);
        }
        assert_eq!(hook.runs(), 1, "{}", scheme.name);
    }
}

#[tokio::test]
async fn how_many_with_equal_bodies_are_handled_is_a_setting() {
    for (most, runs) in [(0, 1), (1, 1), (2, 2), (5, 5), (u16::MAX, 100)] {
        for scheme in ALL {
            let hook = Hook::new((scheme.layer)().with_equal_bodies(most));
            for id in 0..110 {
                scheme.send(&hook, &id.to_string()).await;
            }
            assert_eq!(hook.runs(), runs, "{} with {most}", scheme.name);
        }
    }
}

#[tokio::test]
async fn the_bound_holds_for_a_day_and_a_copy_passes_afterwards() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)());
        for id in ["1", "2", "3", "4"] {
            scheme.send(&hook, id).await;
        }
        hook.clock.set_unix(NOW + 24 * 60 * 60);
        for id in ["1", "5", "6", "7"] {
            scheme.send(&hook, id).await;
        }
        assert_eq!(hook.runs(), 3, "{}", scheme.name);
        hook.clock.set_unix(NOW + 24 * 60 * 60 + 1);
        for id in 0..100 {
            scheme.send(&hook, &id.to_string()).await;
        }
        assert_eq!(hook.runs(), 6, "{}", scheme.name);
    }
}

/// A hook that fails until it is told otherwise.
fn failing(layer: WebhookLayer) -> (Hook, Arc<AtomicBool>) {
    let fails = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&fails);
    let hook = Hook::answering(layer, move || match told.load(Ordering::SeqCst) {
        true => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        false => ().into_response(),
    });
    (hook, fails)
}

#[tokio::test]
async fn a_redelivery_of_a_failed_delivery_is_handled_and_one_of_a_handled_one_is_known() {
    for scheme in ALL {
        let (hook, fails) = failing((scheme.layer)());
        for runs in 1..10 {
            assert_eq!(scheme.send(&hook, "1").await, 500);
            assert_eq!(hook.runs(), runs);
        }
        fails.store(false, Ordering::SeqCst);
        assert_eq!(scheme.send(&hook, "1").await, 200);
        assert_eq!(hook.runs(), 10);
        assert_eq!(scheme.send(&hook, "1").await, 200);
        assert_eq!(hook.runs(), 10, "{}", scheme.name);
    }
}

#[tokio::test]
async fn a_failed_delivery_takes_no_place_from_a_true_one() {
    for scheme in ALL {
        let (hook, fails) = failing((scheme.layer)());
        for id in 0..10 {
            scheme.send(&hook, &id.to_string()).await;
        }
        fails.store(false, Ordering::SeqCst);
        for id in 0..10 {
            scheme.send(&hook, &id.to_string()).await;
        }
        assert_eq!(hook.runs(), 13, "{}", scheme.name);
    }
}

#[tokio::test]
async fn what_failed_leaves_nothing_in_the_store_but_which_form_of_it_was_first() {
    for scheme in ALL {
        let store = MemoryReplayStore::default();
        let (hook, fails) = failing((scheme.layer)().with_replay_store(store.clone()));
        scheme.send(&hook, "1").await;
        let left = if scheme.name == "twilio" { 2 } else { 0 };
        assert_eq!(store.len(), left, "{}", scheme.name);
        fails.store(false, Ordering::SeqCst);
        scheme.send(&hook, "1").await;
        let one = store.len();
        assert!((2..=4).contains(&one), "{}: {one}", scheme.name);
        // Nor does what is known, however often it comes.
        for id in 0..100 {
            scheme.send(&hook, &id.to_string()).await;
        }
        assert!(store.len() <= 3 * one, "{}", scheme.name);
    }
}

#[tokio::test]
async fn copies_at_the_same_moment_are_handled_once_and_told_to_come_again() {
    for scheme in ALL {
        let handler = async |_: Request| std::future::pending::<()>().await;
        let app = Router::new().route("/hook", post(handler).layer((scheme.layer)()));
        let send = |id: &str| app.clone().oneshot(scheme.delivery(id).request());
        let mut first = Box::pin(send("1"));
        assert!((&mut first).now_or_never().is_none(), "it is running");
        for _ in 0..3 {
            assert_eq!(send("1").await.unwrap().status(), 409, "{}", scheme.name);
        }
        drop(first);
        let mut again = Box::pin(send("1"));
        assert!((&mut again).now_or_never().is_none(), "it runs anew");
    }
}

#[tokio::test]
async fn no_more_than_the_bound_run_at_the_same_moment() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let handler = async move |_: Request| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await
    };
    let scheme = ALL[0];
    let app = Router::new().route("/hook", post(handler).layer((scheme.layer)()));
    let mut running = Vec::new();
    let mut conflicts = 0;
    for id in 0..1_000 {
        let delivery = scheme.delivery(&id.to_string());
        let mut one = Box::pin(app.clone().oneshot(delivery.request()));
        match (&mut one).now_or_never() {
            None => running.push(one),
            // Never a 200: whether they are handled is not known yet.
            Some(answer) => {
                assert_eq!(answer.unwrap().status(), 409);
                conflicts += 1;
            }
        }
    }
    assert_eq!(
        (running.len(), conflicts, runs.load(Ordering::SeqCst)),
        (3, 997, 3)
    );
}

#[tokio::test]
async fn an_id_that_stands_there_twice_is_refused() {
    for scheme in ALL {
        let hook = Hook::new((scheme.layer)());
        let twice = scheme.delivery("1").with(scheme.header, "2");
        refused(&hook.send(&twice).await, 400, "invalid_request");
    }
}

/// A store that cannot be asked after so many answers.
struct Breaking {
    inner: MemoryReplayStore,
    answers: AtomicUsize,
}

impl ReplayStore for Breaking {
    fn reserve(&self, key: &ReplayKey, at: SystemTime) -> Answer<Result<Reserved, AuthError>> {
        if self.answers.load(Ordering::SeqCst) == 0 {
            return Err(AuthError::unavailable("the database is down")).into();
        }
        self.answers.fetch_sub(1, Ordering::SeqCst);
        self.inner.reserve(key, at)
    }

    fn keep(&self, key: &ReplayKey) {
        self.inner.keep(key);
    }

    fn release(&self, key: &ReplayKey) {
        self.inner.release(key);
    }
}

#[tokio::test]
async fn a_store_that_breaks_half_way_is_a_503_and_holds_nothing_afterwards() {
    for scheme in ALL {
        for answers in 0..2 {
            let store = Arc::new(Breaking {
                inner: MemoryReplayStore::default(),
                answers: AtomicUsize::new(answers),
            });
            let layer = (scheme.layer)().with_replay_store(Arc::clone(&store));
            let hook = Hook::new(layer);
            let answer = hook.send(&scheme.delivery("1")).await;
            refused(&answer, 503, "unavailable");
            assert!(store.inner.is_empty(), "{}", scheme.name);
            store.answers.store(100, Ordering::SeqCst);
            assert_eq!(scheme.send(&hook, "1").await, 200);
            assert_eq!(hook.runs(), 1);
        }
    }
}

#[tokio::test]
async fn a_partner_without_any_id_has_each_body_handled_once() {
    let scheme = HmacScheme::new("x-acme-signature").unwrap();
    let hook = Hook::new(WebhookLayer::hmac(scheme, SECRET).unwrap());
    for id in ["1", "2", "3"] {
        ALL[4].send(&hook, id).await;
    }
    assert_eq!(hook.runs(), 1);
}

#[test]
fn a_partner_has_one_id_and_it_is_signed_or_not() {
    for both in [
        plain().with_id("x-acme-id"),
        HmacScheme::new("x-acme-signature")
            .and_then(|scheme| scheme.with_id("x-acme-id"))
            .and_then(|scheme| scheme.with_unsigned_id("x-acme-delivery")),
    ] {
        assert_eq!(both.unwrap_err().kind(), ConfigErrorKind::Conflict);
    }
    let twice = plain().with_timestamp("x-acme-delivery").unwrap_err();
    assert_eq!(twice.kind(), ConfigErrorKind::Duplicate);
}
