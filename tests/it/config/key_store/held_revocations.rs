//! The revocations that a program took when it started, while its file is written anew.

use std::time::Duration;

use axum::{Router, routing::get};
use tokio::{sync::mpsc, time::timeout};
use tower_auth::{
    AuthContext,
    keys::{Revocation, Timestamp},
    revocations::Revocations,
    testing::ManualClock,
};

use super::{revocations::file, served::Served};
use crate::{
    common::answer::run,
    config::reload::Rules,
    keys::kit::{Mood, token},
    revocations::kit::status,
};

fn held(served: &Served) -> &Revocations {
    served.revocations.as_ref().unwrap()
}

/// How long the revocation of a token is kept from now on, in seconds.
async fn is_kept_for(revocations: &Revocations, id: &str) -> u64 {
    let operator = revocations.as_operator("root");
    let revoked = operator.revoke(Revocation::token("", id)).await.unwrap();
    let now = Timestamp::from(std::time::SystemTime::now());
    (revoked.until().as_unix_millis() - now.as_unix_millis()).div_ceil(1_000)
}

#[tokio::test]
async fn a_revocation_is_kept_for_as_long_as_tokens_live_by_the_file_that_holds() {
    let served = Served::new(
        "held-longer",
        &file("revocations: {max_token_lifetime_seconds: 60}"),
    );
    assert!(is_kept_for(held(&served), "1").await <= 60 + 60);
    let longer = file("revocations: {max_token_lifetime_seconds: 86400}");
    served.reload(&longer).unwrap();
    assert!(is_kept_for(held(&served), "2").await >= 86_400 - 5);
    let caller = AuthContext::new("ada").with_scopes(["keys:write", "keys:admin"]);
    let admin = held(&served).as_caller(&caller);
    let revoked = admin.revoke(Revocation::user("", "bob")).await.unwrap();
    let (until, before) = (revoked.until(), revoked.before().unwrap());
    assert!(until >= before.saturating_add(Duration::from_secs(86_400)));
}

#[tokio::test]
async fn a_file_at_fault_changes_none_of_their_rules() {
    let served = Served::new(
        "held-fault",
        &file("revocations: {max_token_lifetime_seconds: 600}"),
    );
    let longer = file("revocations: {max_token_lifetime_seconds: 86400}\n  realms: r");
    served.reload(&longer).unwrap_err();
    assert!(is_kept_for(held(&served), "1").await <= 600 + 60);
}

#[tokio::test]
async fn turned_off_and_on_again_what_was_revoked_meanwhile_is_refused_at_once() {
    let served = Served::new("held-off-and-on", &file("revocations: {}"));
    let eve = token("eve", "");
    assert_eq!(status(&served.app, &eve).await, 200);
    served.reload(&file("")).unwrap();
    assert!(served.handle.revocations().is_none());
    let operator = held(&served).as_operator("root");
    operator.revoke(Revocation::user("", "eve")).await.unwrap();
    assert_eq!(status(&served.app, &eve).await, 200);
    // It cannot be read, so what is known is what this process did.
    served.outside.store.is(Mood::Failing);
    served
        .reload(&file("revocations: {stale_limit_seconds: 70}"))
        .unwrap();
    assert_eq!(status(&served.app, &eve).await, 401);
    assert!(served.handle.revocations().is_some());
}

#[tokio::test]
async fn those_of_a_later_file_are_told_by_the_handle() {
    let served = Served::new("held-later", &file(""));
    assert!(served.revocations.is_none() && served.handle.revocations().is_none());
    served.reload(&file("revocations: {}")).unwrap();
    let eve = token("eve", "");
    assert_eq!(status(&served.app, &eve).await, 200);
    let revocations = served.handle.revocations().unwrap();
    let operator = revocations.as_operator("root");
    operator.revoke(Revocation::user("", "eve")).await.unwrap();
    assert_eq!(status(&served.app, &eve).await, 401);
}

#[tokio::test]
async fn whoever_has_a_stream_open_ends_by_narrower_rules() {
    let outside = super::kit::Outside::new();
    let rules = Rules::new("held-streams", &file("revocations: {}"));
    let config = rules.config().with_clock(ManualClock::now().clock());
    let setup = outside.knows(config).build().unwrap();
    let (layer, handle) = setup.into_reload_layer();
    let (sender, mut callers) = mpsc::unbounded_channel::<AuthContext>();
    let stream = move |caller: AuthContext| async move { sender.send(caller).unwrap() };
    let app = Router::new().route("/run", get(stream)).layer(layer);
    // It lives for ten minutes.
    let eve = format!("Bearer {}", token("eve", ""));
    let answer = run(&app, &[("authorization", eve.as_bytes())]).await;
    assert_eq!(answer.status, 200);
    let ended = tokio::spawn(callers.recv().await.unwrap().ended());
    rules.write(&file("revocations: {leeway_seconds: 5}"));
    handle.reload().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!ended.is_finished());
    rules.write(&file("revocations: {max_token_lifetime_seconds: 60}"));
    handle.reload().unwrap();
    let ended = timeout(Duration::from_secs(5), ended).await;
    ended.expect("nobody told the stream").unwrap();
}
