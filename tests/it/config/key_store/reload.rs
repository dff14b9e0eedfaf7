//! Another file while serving: which keys are read already, and what holds from the next request on.

use std::time::Duration;

use tower_auth::{
    AuthContext, Principal,
    keys::{KeyRequest, ManagedKeys, Revocation},
    revocations::Revocations,
};

use super::served::{Served, store};
use crate::keys::kit::Mood;

#[tokio::test]
async fn with_the_same_store_nothing_is_opened_or_read_again() {
    let served = Served::new("same-store", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    let polls = served.polls();
    // It cannot be asked, so what is known now is what was read before.
    served.outside.store.is(Mood::Failing);
    served.outside.opens(Mood::Failing);
    for text in [
        store(""),
        store(", stale_limit_seconds: 90"),
        store(", free_metadata: [a]"),
        "auth: {realm: other, key_store: {prefix: sk, url: 'memory:'}, public_paths: [/x]}".into(),
    ] {
        served.reload(&text).unwrap();
        assert_eq!(served.status(&key).await, 200, "{text}");
    }
    assert_eq!(served.outside.attempts(), 1);
    assert!(served.polls() >= polls);
    let keys = served.keys.unwrap();
    assert_eq!(keys.known(), 1);
}

#[tokio::test]
async fn another_stale_limit_holds_from_the_next_request_on_without_a_refusal() {
    let served = Served::new("stale-limit", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    served.outside.store.is(Mood::Failing);
    served.clock.advance(Duration::from_secs(50));
    assert_eq!(served.status(&key).await, 200);

    served.reload(&store(", stale_limit_seconds: 5")).unwrap();
    assert_eq!(served.status(&key).await, 503);
    served.reload(&store(", stale_limit_seconds: 500")).unwrap();
    served.clock.advance(Duration::from_secs(60));
    assert_eq!(served.status(&key).await, 200);
    served.reload(&store("")).unwrap();
    assert_eq!(served.status(&key).await, 503);
}

#[tokio::test]
async fn another_prefix_or_header_holds_from_the_next_request_on() {
    let served = Served::new("prefix", &store(""));
    let (own, other) = (
        served.outside.key("sk").await,
        served.outside.key("ak").await,
    );
    assert_eq!(served.status(&own).await, 200);
    assert_eq!(served.status(&other).await, 401);
    let text = "auth: {key_store: {url: 'memory:', prefix: ak}}";
    served.reload(text).unwrap();
    assert_eq!(served.status(&own).await, 401);
    assert_eq!(served.status(&other).await, 200);
    served.reload(&store(", header: x-other")).unwrap();
    assert_eq!(served.status(&own).await, 401);
    let by_other = [("x-other", own.as_bytes())];
    let answer = crate::common::answer::run(&served.app, &by_other).await;
    assert_eq!(answer.status, 200);
}

/// The administrator was made before the file was read again.
#[tokio::test]
async fn an_administrator_is_bound_by_the_file_that_holds_now() {
    let served = Served::new("administrator", &store(""));
    let caller = AuthContext::new("ada").with_scopes(["keys:write", "keys:admin", "a"]);
    let keys = served.keys.clone().unwrap();
    let make = async || {
        let request = KeyRequest::new("ci").with_scopes(["a"]);
        let made = keys.as_caller(&caller).create(request).await.unwrap();
        let key = made.secret().unwrap().expose().to_owned();
        (made.key().record().expires_at().is_some(), key)
    };
    let (ends, key) = make().await;
    assert!(!ends && key.starts_with("sk_"));

    let text = "auth: {key_store: {url: 'memory:', prefix: ak, max_lifetime_seconds: 60}}";
    served.reload(text).unwrap();
    let (ends, key) = make().await;
    assert!(ends && key.starts_with("ak_"), "{key}");
    assert_eq!(served.status(&key).await, 200);

    // A file that is at fault changes nothing for them either.
    served
        .reload("auth: {key_store: {url: 'memory:', prefix: sk}, realm: ''}")
        .unwrap_err();
    let (ends, key) = make().await;
    assert!(ends && key.starts_with("ak_"), "{key}");
}

#[tokio::test]
async fn another_store_takes_a_restart_and_the_old_one_stays() {
    let served = Served::new("another-store", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    for url in ["memory:other", "memory://app:hunter2@db"] {
        let text = format!("auth: {{key_store: {{url: '{url}', prefix: sk}}}}");
        let told = served.reload(&text).unwrap_err();
        assert!(told.contains("auth.key_store.url: "), "{told}");
        assert!(told.contains("that takes a restart"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        assert_eq!(served.status(&key).await, 200);
    }
    assert_eq!(served.outside.attempts(), 1);

    // Nor in two steps: who administers the keys would still change those of the old store.
    served.reload("auth: {custom: sessions}").unwrap();
    let text = "auth: {key_store: {url: 'memory:other', prefix: sk}}";
    assert!(served.reload(text).unwrap_err().contains("takes a restart"));
}

#[tokio::test]
async fn who_the_callers_are_takes_a_restart() {
    let before = store(", source: a, owner_methods: [sessions]");
    let served = Served::new("callers", &before);
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    for members in [
        "",
        ", source: b, owner_methods: [sessions]",
        ", shared_source: a, owner_methods: [sessions]",
        ", source: a",
        ", source: a, owner_methods: [sessions, others]",
        ", source: a, owner_methods: [sessions], max_known: 5",
    ] {
        let told = served.reload(&store(members)).unwrap_err();
        assert!(told.contains("takes a restart"), "{told}");
        assert_eq!(served.status(&key).await, 200);
    }
    served.reload(&before).unwrap();
}

#[tokio::test]
async fn without_the_block_its_keys_end_at_the_next_request() {
    let served = Served::new("removed", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    served.reload("auth: {custom: sessions}").unwrap();
    assert_eq!(served.status(&key).await, 401);
    served.reload(&store("")).unwrap();
    assert_eq!(served.status(&key).await, 200);
}

#[tokio::test]
async fn a_block_that_is_added_while_serving_opens_its_store_at_the_first_request() {
    let served = Served::new("added", "auth: {custom: sessions}");
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 401);
    assert!(served.keys.is_none());
    served.reload(&store("")).unwrap();
    assert_eq!(served.outside.attempts(), 0);
    assert_eq!(served.status(&key).await, 200);
}

#[tokio::test]
async fn a_file_at_fault_leaves_the_settings_as_they_are() {
    let served = Served::new("at-fault", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    served.outside.store.is(Mood::Failing);
    served.clock.advance(Duration::from_secs(50));
    let at_fault = store(", stale_limit_seconds: 5, prefx: a");
    served.reload(&at_fault).unwrap_err();
    assert_eq!(served.status(&key).await, 200);
}

#[tokio::test]
async fn turned_off_and_on_again_the_keys_are_read_already() {
    let served = Served::new("off-and-on", &store(""));
    let key = served.outside.key("sk").await;
    assert_eq!(served.status(&key).await, 200);
    served.outside.store.is(Mood::Failing);
    let off = store("").replace("realm: r", "enabled: false");
    served.reload(&off).unwrap();
    assert_eq!(served.status("sk-wrong").await, 200);
    served.reload(&store("")).unwrap();
    assert_eq!(served.status(&key).await, 200);
    assert_eq!(served.status("sk-wrong").await, 401);
}

#[tokio::test]
async fn other_rules_of_revocations_hold_for_the_list_that_was_read() {
    let with = |rules: &str| {
        format!("auth: {{key_store: {{url: 'memory:', prefix: sk}}, revocations: {{{rules}}}}}")
    };
    let served = Served::new("revocations", &with(""));
    let ended = served.outside.key("sk").await;
    let keys = ManagedKeys::new(served.outside.store.inner.clone(), "sk").unwrap();
    let known = keys.as_operator("root").list(None, 1).await.unwrap();
    let key = served.outside.key("sk").await;
    let who = Principal::new("api_key", None, known.items[0].record().id().as_str());
    let operator = Revocations::of_keys(&keys).as_operator("root");
    assert_eq!(served.status(&key).await, 200);
    operator.revoke(Revocation::principal(who)).await.unwrap();
    served.clock.advance(Duration::from_secs(2));
    assert_eq!(served.status(&ended).await, 401);
    // It cannot be asked, so what is known now is what was read before.
    served.outside.store.is(Mood::Failing);
    served.reload(&with("leeway_seconds: 40")).unwrap();
    assert_eq!(served.status(&ended).await, 401);
    assert_eq!(served.status(&key).await, 200);
    served.reload(&with("stale_limit_seconds: 5")).unwrap();
    served.clock.advance(Duration::from_secs(6));
    assert_eq!(served.status(&key).await, 503);
}
