//! What a file says of managed keys is what code can say.

use std::time::Duration;

use tower_auth::{
    AuthContext,
    keys::{KeyAdminError, KeyOwner, KeyRequest, ManagedKeys},
    testing::ManualClock,
};

use super::kit::{Outside, bearer, show, until};
use crate::{
    common::{answer::guarded, log::Log},
    keys::kit::Mood,
};

fn block(members: &str) -> String {
    format!("auth: {{key_store: {{url: 'memory:', prefix: sk, {members}}}}}")
}

#[tokio::test]
async fn only_keys_with_the_prefix_are_looked_up() {
    let outside = Outside::new();
    let (own, other) = (outside.key("sk").await, outside.key("sk_other").await);
    let setup = outside.build(&block(""));
    setup.open().await.unwrap();
    let app = guarded(setup.into_layer());
    assert_eq!(show(&app, &own).await.status, 200);
    assert_eq!(show(&app, &other).await.status, 401);
}

#[tokio::test]
async fn the_header_is_the_one_that_the_file_names() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let app = outside.app(&block("header: X-Agent-Key"));
    assert_eq!(show(&app, &key).await.status, 401);
    let headers = [("x-agent-key", key.as_bytes())];
    assert_eq!(crate::common::answer::run(&app, &headers).await.status, 200);
    assert_eq!(bearer(&app, &key).await.status, 200);

    let app = outside.app(&block("header: Authorization"));
    assert_eq!(show(&app, &key).await.status, 401);
    assert_eq!(bearer(&app, &key).await.status, 200);
}

#[tokio::test]
async fn the_source_is_part_of_the_caller() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    for (member, expected) in [
        ("", None),
        ("source: managed", Some("managed")),
        ("shared_source: keys", Some("keys")),
    ] {
        let answer = show(&outside.app(&block(member)), &key).await;
        let caller = answer.seen().context.clone().unwrap();
        assert_eq!(caller.source(), expected);
        assert_eq!(caller.method(), "api_key");
    }
}

#[tokio::test]
async fn the_stale_limit_is_the_one_that_the_file_names() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    for (member, seconds) in [("", 50), ("stale_limit_seconds: 600", 590)] {
        let clock = ManualClock::now();
        let config = outside.reads(&block(member)).with_clock(clock.clock());
        let app = guarded(config.into_layer().unwrap());
        outside.store.is(Mood::Well);
        assert_eq!(show(&app, &key).await.status, 200);
        outside.store.is(Mood::Failing);
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(show(&app, &key).await.status, 200, "{member}");
        clock.advance(Duration::from_secs(20));
        assert_eq!(show(&app, &key).await.status, 503, "{member}");
    }
    let clock = ManualClock::now();
    let config = outside.reads(&block("stale_limit_seconds: 0"));
    let app = guarded(config.with_clock(clock.clock()).into_layer().unwrap());
    outside.store.is(Mood::Well);
    assert_eq!(show(&app, &key).await.status, 200);
    outside.store.is(Mood::Failing);
    clock.advance(Duration::from_secs(2));
    until(&app, &key, 503).await;
}

/// An administrator who may make keys with one scope.
fn admin(keys: &ManagedKeys) -> tower_auth::keys::KeyAdmin {
    keys.as_caller(&AuthContext::new("ada").with_scopes(["keys:write", "keys:admin", "a"]))
}

#[tokio::test]
async fn the_lifetime_is_bounded_as_the_file_says() {
    let outside = Outside::new();
    let setup = outside.build(&block("max_lifetime_seconds: 3600"));
    let made = admin(&setup.managed_keys().unwrap())
        .create(KeyRequest::new("ci").with_scopes(["a"]))
        .await
        .unwrap();
    let record = made.key().record();
    // It is reckoned from the reading before the change.
    let after = |seconds| {
        record
            .created_at()
            .saturating_add(Duration::from_secs(seconds))
    };
    let end = record.expires_at().unwrap();
    assert!(after(3_540) < end && end <= after(3_600), "{record:?}");
}

#[tokio::test]
async fn as_many_keys_are_kept_as_the_file_says() {
    let outside = Outside::new();
    for _ in 0..3 {
        outside.key("sk").await;
    }
    for (member, known) in [("", 3), ("max_known: 2", 2), ("max_known: 0", 1)] {
        let setup = outside.build(&block(member));
        setup.open().await.unwrap();
        assert_eq!(setup.managed_keys().unwrap().known(), known);
    }
    let in_code = ManagedKeys::new(outside.store.clone(), "sk").unwrap();
    let in_code = in_code.with_max_known(0);
    in_code.open().await.unwrap();
    assert_eq!(in_code.known(), 1);
}

#[tokio::test]
async fn metadata_is_free_where_the_file_says_so() {
    let outside = Outside::new();
    let setup = outside.build(&block("free_metadata: [team]"));
    let admin = admin(&setup.managed_keys().unwrap());
    let with = |name: &str| KeyRequest::new("ci").with_metadata(name, "x");
    admin.create(with("team")).await.unwrap();
    let refused = admin.create(with("plan")).await.unwrap_err();
    assert!(matches!(refused, KeyAdminError::Forbidden(_)), "{refused}");
}

#[tokio::test]
async fn principals_of_the_programs_own_methods_may_own_keys_where_the_file_says_so() {
    let outside = Outside::new();
    let owner = AuthContext::new("ada").with_method("sessions");
    let owner = KeyOwner::from(owner.principal());
    let request = || KeyRequest::new("ci").with_owner(owner.clone());

    let without = outside.build(&block("")).managed_keys().unwrap();
    let refused = without.as_operator("ada").create(request()).await;
    let Err(KeyAdminError::Invalid(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("`owner_methods` of a file"), "{why}");

    let setup = outside.build(&block("owner_methods: [sessions]"));
    let keys = setup.managed_keys().unwrap();
    let made = keys.as_operator("ada").create(request()).await.unwrap();
    let app = guarded(setup.into_layer());
    let answer = show(&app, made.secret().unwrap().expose()).await;
    let caller = answer.seen().context.clone().unwrap();
    assert_eq!((caller.method(), caller.user_id()), ("sessions", "ada"));

    let log = Log::start();
    let app = outside.app(&block(""));
    let refused = show(&app, made.secret().unwrap().expose()).await;
    refused.refused_with(503, "unavailable");
    let said = log.text();
    assert!(said.contains("`owner_methods` of a file"), "{said}");
}

#[tokio::test]
async fn a_stale_limit_of_more_than_an_hour_is_a_warning() {
    let outside = Outside::new();
    for (seconds, count) in [(3_600, 0), (3_601, 1)] {
        let setup = outside.build(&block(&format!("stale_limit_seconds: {seconds}")));
        let said = setup.summary().warnings();
        assert_eq!(said.len(), count, "{said:?}");
    }
}

#[tokio::test]
async fn the_summary_names_the_store_without_its_password() {
    let outside = Outside::new();
    let setup = outside.build(
        "auth: {key_store: {url: 'memory://app:hunter2@db:5432/keys?sslmode=require', prefix: sk}}",
    );
    assert_eq!(
        setup.summary().providers(),
        ["key_store (memory://…@db:5432/keys?…)"]
    );
    assert!(!format!("{setup:?} {:?}", setup.managed_keys()).contains("hunter2"));
}
