//! Revocations from a file: the block `revocations`.

use tower_auth::{ConfigErrorKind, keys::Revocation};

use super::kit::Outside;
use crate::{
    common::answer::guarded,
    config::files::NOW,
    keys::kit::{JWT_SECRET, Mood},
    revocations::kit::status,
};

/// A file with tokens, and what it says of revocations.
pub(super) fn file(revocations: &str) -> String {
    format!(
        "auth:
  jwt: {{secret: '{JWT_SECRET}'}}
  key_store: {{url: 'memory:keys', prefix: sk}}
  {revocations}
"
    )
}

/// Of the clock that files have in tests.
fn token() -> String {
    let claims = serde_json::json!({"sub": "eve", "iat": NOW, "exp": NOW + 600});
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

#[tokio::test]
async fn a_file_holds_its_callers_to_the_revocations_of_its_store() {
    let outside = Outside::new();
    let setup = outside.build(&file("revocations: {}"));
    setup.open().await.unwrap();
    let revocations = setup.revocations().unwrap();
    let app = guarded(setup.into_layer());
    let token = token();
    assert_eq!(status(&app, &token).await, 200);
    let eve = tower_auth::Principal::new("jwt", None, "eve");
    let operator = revocations.as_operator("root");
    operator.revoke(Revocation::principal(eve)).await.unwrap();
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn without_the_block_there_are_none() {
    let outside = Outside::new();
    let setup = outside.build(&file(""));
    assert!(setup.revocations().is_none());
    let app = guarded(setup.into_layer());
    outside.store.is(Mood::Failing);
    assert_eq!(status(&app, &token()).await, 200);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_lets_nobody_in() {
    let outside = Outside::new();
    outside.opens(Mood::Failing);
    let app = outside.app(&file("revocations: {}"));
    assert_eq!(status(&app, &token()).await, 503);
}

#[tokio::test]
async fn its_settings_are_those_of_the_code() {
    let outside = Outside::new();
    let setup = outside.build(&file(
        "revocations: {max_token_lifetime_seconds: 60, leeway_seconds: 5, stale_limit_seconds: 0, \
         max_revocations: 1, insecure_allow_missing_iat: true}",
    ));
    let revocations = setup.revocations().unwrap();
    let shown = format!("{revocations:?}");
    for expected in [
        "max_lifetime: 60s",
        "leeway: 5s",
        "stale_limit: 0ns",
        "max_kept: 1",
        "allows_missing_iat: true",
    ] {
        assert!(shown.contains(expected), "{shown}");
    }
    let operator = revocations.as_operator("root");
    operator.revoke(Revocation::token("", "1")).await.unwrap();
    assert!(operator.revoke(Revocation::token("", "2")).await.is_err());
}

#[test]
fn what_cannot_be_is_a_fault_with_its_place() {
    let outside = Outside::new();
    let faults = outside.faults(&format!(
        "auth: {{jwt: {{secret: '{JWT_SECRET}'}}, revocations: {{}}}}"
    ));
    let fault = &faults.faults()[0];
    assert_eq!(fault.kind(), ConfigErrorKind::Conflict);
    assert!(fault.message().contains("key_store"), "{faults}");
    for (block, path) in [
        (
            "{max_token_lifetime_seconds: 0}",
            "max_token_lifetime_seconds",
        ),
        ("{max_revocations: 0}", "max_revocations"),
        ("{max_revocation: 7}", "max_revocation"),
        (
            "{insecure_allow_missing_iat: maybe}",
            "insecure_allow_missing_iat",
        ),
        ("null", "revocations"),
    ] {
        let faults = outside.faults(&file(&format!("revocations: {block}")));
        assert!(faults.to_string().contains(path), "{faults}");
    }
}
