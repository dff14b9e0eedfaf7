//! A store with more keys than a process keeps [12.3].

use std::time::Duration;

use axum::Router;
use tower_auth::{
    keys::{KeyDigest, KeyFormat, KeyRequest, KeyUpdate, MadeKey, ManagedKeys, MemoryKeyStore},
    provider::{CompositeAuth, JwtAuth},
    testing::ManualClock,
};

use super::{
    kit::{JWT_SECRET, app, id, make_named, show, show_text, token},
    scripted::{Kind, Scripted, settle},
};
use crate::common::{
    answer::{Answer, run},
    log::Log,
};

struct Bounded {
    keys: ManagedKeys,
    store: Scripted,
    clock: ManualClock,
    /// Another process, with room for all.
    elsewhere: ManagedKeys,
    /// All keys, from the first made to the last.
    made: Vec<MadeKey>,
    app: Router,
}

/// A process that keeps two keys of a store that has more.
async fn bounded(count: usize) -> Bounded {
    let inner = MemoryKeyStore::new().unwrap();
    let elsewhere = ManagedKeys::new(inner.clone(), "sk").unwrap();
    let mut made = Vec::new();
    for number in 0..count {
        made.push(make_named(&elsewhere, &format!("key {number}")).await);
    }
    let (store, clock) = (Scripted::new(inner), ManualClock::now());
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys.with_clock(clock.clock()).with_max_known(2);
    keys.open().await.unwrap();
    let app = app(keys.clone());
    Bounded {
        keys,
        store,
        clock,
        elsewhere,
        made,
        app,
    }
}

impl Bounded {
    async fn accepts(&self, key: usize) {
        let answer = show(&self.app, &self.made[key]).await;
        answer.accepted_as(id(&self.made[key]).as_str());
    }

    async fn refuses(&self, key: usize) {
        let refused = show(&self.app, &self.made[key]).await;
        refused.refused_with(401, "invalid_credential");
    }

    /// Shows a key in a task, and lets that run as far as it gets.
    async fn showing(&self, key: usize) -> tokio::task::JoinHandle<Answer> {
        let secret = self.made[key].secret().unwrap().clone();
        let app = self.app.clone();
        let showing = tokio::spawn(async move { super::kit::show_secret(&app, &secret).await });
        settle().await;
        showing
    }
}

fn unknown() -> String {
    let key = KeyFormat::new("sk").unwrap().generate().unwrap();
    key.expose().to_owned()
}

#[tokio::test]
async fn keys_beyond_the_bound_are_looked_up_once_and_the_others_never() {
    let at = bounded(6).await;
    assert_eq!(at.keys.known(), 2);
    at.accepts(0).await;
    at.accepts(1).await;
    assert_eq!(at.store.finds(), 0, "known keys read no store");
    at.accepts(5).await;
    assert_eq!(at.store.finds(), 1);
    at.accepts(5).await;
    assert_eq!(at.store.finds(), 1, "it is known now");
}

#[tokio::test]
async fn memory_stays_bounded_whatever_is_shown_and_made() {
    let at = bounded(12).await;
    for key in (0..12).chain((0..12).rev()) {
        at.accepts(key).await;
        assert!(at.keys.known() <= 2, "{}", at.keys.known());
    }
    for number in 0..8 {
        let made = make_named(&at.keys, &format!("new {number}")).await;
        show(&at.app, &made).await.accepted_as(id(&made).as_str());
    }
    // Changes of this process stay until the feed has reported them.
    at.clock.advance(Duration::from_secs(2));
    for key in 0..8 {
        at.accepts(key).await;
    }
    assert!(at.keys.known() <= 2, "{}", at.keys.known());
}

#[tokio::test]
async fn a_known_key_that_is_ended_elsewhere_is_refused_within_a_second() {
    let at = bounded(6).await;
    at.accepts(0).await;
    at.accepts(5).await;
    let admin = at.elsewhere.as_operator("ada");
    admin.revoke(id(&at.made[0]), "").await.unwrap();
    admin.delete(id(&at.made[5])).await.unwrap();
    at.clock.advance(Duration::from_secs(2));
    at.refuses(0).await;
    at.refuses(5).await;
}

#[tokio::test]
async fn a_key_that_is_changed_elsewhere_is_the_changed_one_within_a_second() {
    let at = bounded(6).await;
    at.accepts(5).await;
    let admin = at.elsewhere.as_operator("ada");
    let owned = KeyUpdate::new().with_owner("grace");
    admin.update(id(&at.made[5]), owned).await.unwrap();
    at.clock.advance(Duration::from_secs(2));
    show(&at.app, &at.made[5]).await.accepted_as("grace");
}

#[tokio::test]
async fn a_key_that_is_looked_up_by_many_requests_is_looked_up_once() {
    let at = bounded(6).await;
    at.store.hold(&[Kind::Find]);
    let mut showing = Vec::new();
    for _ in 0..5 {
        showing.push(at.showing(5).await);
    }
    assert_eq!(at.store.finds(), 1);
    at.store.next(Kind::Find).await.answer().await;
    for one in showing {
        let answer = one.await.unwrap();
        answer.accepted_as(id(&at.made[5]).as_str());
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_takes_no_other_with_it() {
    let at = bounded(6).await;
    at.store.hold(&[Kind::Find]);
    let (first, second) = (at.showing(5).await, at.showing(5).await);
    first.abort();
    settle().await;
    at.store.next(Kind::Find).await.answer().await;
    let answer = second.await.unwrap();
    answer.accepted_as(id(&at.made[5]).as_str());
}

#[tokio::test]
async fn beyond_a_hundred_look_ups_a_second_keys_that_are_not_known_are_503_at_once() {
    let at = bounded(6).await;
    for _ in 0..100 {
        let refused = show_text(&at.app, &unknown()).await;
        refused.refused_with(401, "invalid_credential");
    }
    assert_eq!(at.store.finds(), 100);
    let log = Log::start();
    let refused = show(&at.app, &at.made[5]).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused_with(503, "unavailable");
    let said = log.text();
    assert!(said.contains("`max_known` of a file"), "{said}");
    let refused = show_text(&at.app, &unknown()).await;
    refused.refused_with(503, "unavailable");
    assert_eq!(at.store.finds(), 100);
    at.accepts(0).await;
    at.clock.advance(Duration::from_secs(1));
    at.accepts(5).await;
}

#[tokio::test]
async fn known_keys_wait_for_no_look_up() {
    let at = bounded(6).await;
    at.store.hold(&[Kind::Find]);
    let mut showing = Vec::new();
    for _ in 0..64 {
        let (app, text) = (at.app.clone(), unknown());
        showing.push(tokio::spawn(async move { show_text(&app, &text).await }));
    }
    settle().await;
    assert_eq!(at.store.finds(), 64);
    at.accepts(0).await;
    let refused = show(&at.app, &at.made[5]).await;
    refused.refused_with(503, "unavailable");
    for one in showing {
        one.abort();
    }
}

#[tokio::test]
async fn an_unknown_key_is_looked_up_once_in_a_while() {
    let (at, text) = (bounded(6).await, unknown());
    for _ in 0..3 {
        let refused = show_text(&at.app, &text).await;
        refused.refused_with(401, "invalid_credential");
    }
    assert_eq!(at.store.finds(), 1);
    at.clock.advance(Duration::from_secs(10));
    let refused = show_text(&at.app, &text).await;
    refused.refused_with(401, "invalid_credential");
    assert_eq!(at.store.finds(), 2);
}

/// A key of this store's form that is unknown, and is imported then.
#[tokio::test]
async fn a_key_that_was_unknown_is_accepted_a_second_after_it_was_made() {
    let (at, text) = (bounded(6).await, unknown());
    let refused = show_text(&at.app, &text).await;
    refused.refused_with(401, "invalid_credential");
    let digest = KeyDigest::of_key(text.as_bytes());
    let admin = at.elsewhere.as_operator("ada");
    let made = admin.import(digest, KeyRequest::new("late")).await.unwrap();
    at.clock.advance(Duration::from_secs(2));
    let answer = show_text(&at.app, &text).await;
    answer.accepted_as(made.record().id().as_str());
}

#[tokio::test]
async fn while_the_store_cannot_be_asked_keys_that_are_not_known_are_503() {
    let at = bounded(6).await;
    at.store.fail(&[Kind::Changes, Kind::Find]);
    at.clock.advance(Duration::from_secs(2));
    at.accepts(0).await;
    let refused = show(&at.app, &at.made[5]).await;
    refused.refused_with(503, "unavailable");
    assert_eq!(at.store.finds(), 0);
}

#[tokio::test]
async fn a_look_up_that_fails_is_503_and_no_verdict() {
    let at = bounded(6).await;
    at.store.fail(&[Kind::Find]);
    let refused = show(&at.app, &at.made[5]).await;
    refused.refused_with(503, "unavailable");
    at.store.fail(&[]);
    at.accepts(5).await;
}

/// The record was read, the key is ended here, and the answer comes.
#[tokio::test]
async fn a_record_read_before_a_key_ended_and_stored_after_it_does_not_bring_it_back() {
    for is_deleted in [true, false] {
        let at = bounded(6).await;
        at.store.hold(&[Kind::Find]);
        let showing = at.showing(5).await;
        let find = at.store.next(Kind::Find).await;
        find.execute().await;
        at.store.hold(&[]);
        let admin = at.keys.as_operator("ada");
        match is_deleted {
            true => admin.delete(id(&at.made[5])).await.unwrap(),
            false => drop(admin.revoke(id(&at.made[5]), "").await.unwrap()),
        }
        find.answer().await;
        let refused = showing.await.unwrap();
        refused.refused_with(401, "invalid_credential");
        at.refuses(5).await;
    }
}

/// The store says that there is no such key; then it is made, and the feed tells of it.
#[tokio::test]
async fn a_look_up_read_before_a_key_was_made_does_not_make_it_unknown() {
    let (at, text) = (bounded(6).await, unknown());
    at.store.hold(&[Kind::Find]);
    let showing = tokio::spawn({
        let (app, text) = (at.app.clone(), text.clone());
        async move { show_text(&app, &text).await }
    });
    let find = at.store.next(Kind::Find).await;
    find.execute().await;
    at.store.hold(&[]);
    let digest = KeyDigest::of_key(text.as_bytes());
    let admin = at.keys.as_operator("ada");
    let made = admin.import(digest, KeyRequest::new("late")).await.unwrap();
    find.answer().await;
    let answer = showing.await.unwrap();
    answer.accepted_as(made.record().id().as_str());
}

#[tokio::test]
async fn keys_that_have_ended_do_not_count() {
    let inner = MemoryKeyStore::new().unwrap();
    let elsewhere = ManagedKeys::new(inner.clone(), "sk").unwrap();
    let admin = elsewhere.as_operator("ada");
    for number in 0..20 {
        let made = make_named(&elsewhere, &format!("key {number}")).await;
        match number % 2 {
            0 => admin.delete(id(&made)).await.unwrap(),
            _ => drop(admin.revoke(id(&made), "").await.unwrap()),
        }
    }
    let live = make_named(&elsewhere, "live").await;
    let store = Scripted::new(inner);
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys.with_max_known(2);
    keys.open().await.unwrap();
    let app = app(keys.clone());
    show(&app, &live).await.accepted_as(id(&live).as_str());
    let refused = show_text(&app, &unknown()).await;
    refused.refused_with(401, "invalid_credential");
    assert_eq!(store.finds(), 0, "all live keys are known");
}

#[tokio::test]
async fn a_token_of_another_provider_costs_no_look_up_while_all_imported_keys_are_known() {
    let at = bounded(6).await;
    let digest = KeyDigest::of_key(b"legacy-key-4711");
    let admin = at.elsewhere.as_operator("ada");
    let made = admin.import(digest, KeyRequest::new("old")).await.unwrap();
    at.clock.advance(Duration::from_secs(2));
    at.accepts(0).await;
    let before = at.store.finds();
    let tokens = JwtAuth::hs256(JWT_SECRET).unwrap();
    let chain = app(CompositeAuth::new(at.keys.clone()).or(tokens));
    let bearer = format!("Bearer {}", token("grace", ""));
    let answer = run(&chain, &[("authorization", bearer.as_bytes())]).await;
    answer.accepted_as("grace");
    let answer = show_text(&chain, "legacy-key-4711").await;
    answer.accepted_as(made.record().id().as_str());
    assert_eq!(at.store.finds(), before);
    // A bound that leaves imported keys out: they are looked up, and so are tokens.
    for number in 0..3 {
        let digest = KeyDigest::of_key(format!("legacy {number}").as_bytes());
        admin.import(digest, KeyRequest::new("old")).await.unwrap();
    }
    at.clock.advance(Duration::from_secs(2));
    at.accepts(0).await;
    for number in 0..3 {
        let answer = show_text(&chain, &format!("legacy {number}")).await;
        assert_eq!(answer.status, 200, "{number}");
    }
    let answer = run(&chain, &[("authorization", bearer.as_bytes())]).await;
    answer.accepted_as("grace");
    assert!(at.store.finds() > before);
}

#[tokio::test]
async fn what_to_do_about_too_many_keys_is_logged_once() {
    let log = Log::start();
    let at = bounded(6).await;
    at.accepts(4).await;
    at.accepts(5).await;
    let text = log.text();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.contains("with_max_known"))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("more than 2 live keys"), "{lines:?}");
    assert!(lines[0].contains("`max_known` of a file"), "{lines:?}");
}
