//! No key and no digest is anywhere but in the answer that shows it once.

use crate::common;

use tower_auth::keys::{KeyDigest, KeyRequest};

use super::kit::{Mood, Stopped, app, id, opened, show};

#[tokio::test]
async fn no_key_and_no_digest_is_in_logs_lists_errors_or_debug_forms() {
    let log = common::log::Log::start();
    let clock = tower_auth::testing::ManualClock::now();
    let store = Stopped::new();
    let keys = opened(&store, &clock).await;
    let admin = keys.as_operator("ada");
    let made = admin
        .create(KeyRequest::new("ci").with_idempotency_key("x"))
        .await
        .unwrap();
    let secret = made.secret().unwrap().expose().to_owned();
    let digest: String = KeyDigest::of_key(secret.as_bytes())
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let app = app(keys.clone());
    show(&app, &made).await;
    admin.revoke(id(&made), "lost").await.unwrap();
    show(&app, &made).await;
    store.is(Mood::Failing);
    clock.advance(std::time::Duration::from_secs(100));
    show(&app, &made).await;
    let error = admin.get(id(&made)).await.unwrap_err();
    store.is(Mood::Well);
    let stored = tower_auth::keys::KeyStore::find(
        &store,
        tower_auth::keys::KeyLookup::Id(id(&made).clone()),
    );
    let list = admin.list(None, 10).await.unwrap();
    let audit = admin.audit(None, None, 10).await.unwrap();
    let shown = [
        log.text(),
        format!("{error} {error:?} {made:?} {keys:?} {admin:?} {list:?} {audit:?}"),
        format!("{:?}", stored.await),
        serde_json::to_string(&list.items).unwrap(),
        serde_json::to_string(&audit.items).unwrap(),
    ]
    .concat();
    assert!(shown.contains(id(&made).as_str()));
    for hidden in [&*secret, &secret[8..], &*digest, &digest[..16]] {
        assert!(!shown.contains(hidden), "{hidden} is in {shown}");
    }
}
