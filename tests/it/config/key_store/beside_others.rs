//! Managed keys in a chain with the other blocks of a file.

use super::kit::{Outside, bearer, show};
use crate::{common::answer::guarded, config::files::token, keys::kit::Mood};

const ALL: &str = "auth:
  key_store: {url: 'memory:', prefix: sk, source: managed}
  api_keys: [{name: frontend, key: sk-live-0123456789, scopes: [a]}]
  jwt: {secret: '${JWT_SECRET}', audience: agent-server}
";

#[tokio::test]
async fn each_credential_is_let_in_by_its_own_block() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let setup = outside.build(ALL);
    assert_eq!(
        setup.summary().providers(),
        ["key_store (memory:…)", "api_key (1 key)", "jwt (HS256)"]
    );
    let app = guarded(setup.into_layer());
    assert_eq!(show(&app, &key).await.status, 200);
    assert_eq!(show(&app, "sk-live-0123456789").await.status, 200);
    assert_eq!(bearer(&app, &token(&[])).await.status, 200);
    assert_eq!(show(&app, "sk-live-9876543210").await.status, 401);
}

/// The other blocks do not need the store; what none of them knows may be a key of the store.
#[tokio::test]
async fn a_store_that_is_away_closes_no_other_block_and_makes_no_401_of_its_keys() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    outside.opens(Mood::Failing);
    let app = outside.app(ALL);
    assert_eq!(show(&app, "sk-live-0123456789").await.status, 200);
    assert_eq!(bearer(&app, &token(&[])).await.status, 200);
    assert_eq!(show(&app, &key).await.status, 503);
}

#[tokio::test]
async fn a_composite_takes_it_and_a_mode_of_another_block_does_not() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let composite = "auth: {mode: composite, key_store: {url: 'memory:', prefix: sk}}";
    assert_eq!(show(&outside.app(composite), &key).await.status, 200);
    let faults = outside.faults(
        "auth: {mode: jwt, jwt: {secret: '${JWT_SECRET}', audience: a}, \
         key_store: {url: 'memory:', prefix: sk}}",
    );
    assert_eq!(faults.faults()[0].path(), "auth.key_store");
    assert!(faults.to_string().contains("this block is not used"));
}

#[tokio::test]
async fn turned_off_it_lets_everybody_in_and_opens_nothing() {
    let outside = Outside::new();
    outside.opens(Mood::Failing);
    let off = "auth: {enabled: false, key_store: {url: 'memory:', prefix: sk}}";
    let app = outside.app(off);
    assert_eq!(show(&app, "sk-wrong").await.status, 200);
    assert_eq!(outside.attempts(), 0);
}
