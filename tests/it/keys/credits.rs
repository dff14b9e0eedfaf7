//! Credits: spent by the layer, once a request.

use tower_auth::{
    AuthContext, AuthLayer, AuthRequest,
    authorize::RequireScopes,
    keys::{KeyRequest, MadeKey, ManagedKeys},
    provider::AuthProvider,
    testing::ManualClock,
};

use super::kit::{Mood, Stopped, app, id, keys, make, opened, show};
use crate::common::answer::guarded;

async fn metered(keys: &ManagedKeys, credits: u64) -> MadeKey {
    make(
        keys,
        KeyRequest::new("ci")
            .with_scopes(["a"])
            .with_credits(credits),
    )
    .await
}

async fn left(keys: &ManagedKeys, key: &MadeKey) -> u64 {
    let key = keys.as_operator("ada").get(id(key)).await.unwrap();
    key.credits().unwrap()
}

#[tokio::test]
async fn a_request_costs_one_credit_and_without_any_it_is_429() {
    let keys = keys();
    let key = metered(&keys, 2).await;
    let app = app(keys.clone());
    for _ in 0..2 {
        show(&app, &key).await.accepted_as(id(&key).as_str());
    }
    for _ in 0..2 {
        let refused = show(&app, &key).await;
        refused.refused_with(429, "quota_exhausted");
        assert!(refused.headers.contains_key("retry-after"));
    }
    assert_eq!(left(&keys, &key).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_once_are_accepted_exactly_as_often_as_there_are_credits() {
    let store = Stopped::new();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let key = metered(&keys, 100).await;
    let other = ManagedKeys::new(store, "sk").unwrap();
    other.open().await.unwrap();
    let apps = [app(keys), app(other)];
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..160 {
        let app = apps[number % 2].clone();
        let secret = key.secret().unwrap().clone();
        asking.spawn(async move { super::kit::show_secret(&app, &secret).await.status == 200 });
    }
    let accepted = asking
        .join_all()
        .await
        .into_iter()
        .filter(|yes| *yes)
        .count();
    assert_eq!(accepted, 100);
}

#[tokio::test]
async fn nested_layers_spend_one_credit() {
    let keys = keys();
    let key = metered(&keys, 5).await;
    let inner = guarded(AuthLayer::new(keys.clone()));
    let app = inner.layer(AuthLayer::new(keys.clone()));
    show(&app, &key).await.accepted_as(id(&key).as_str());
    assert_eq!(left(&keys, &key).await, 4);
}

#[tokio::test]
async fn nested_layers_of_one_store_with_other_settings_spend_one_credit() {
    let keys = keys();
    let key = metered(&keys, 5).await;
    let other = keys.clone().with_stale_limit(std::time::Duration::ZERO);
    let app = guarded(AuthLayer::new(keys.clone())).layer(AuthLayer::new(other));
    show(&app, &key).await.accepted_as(id(&key).as_str());
    assert_eq!(left(&keys, &key).await, 4);
}

#[tokio::test]
async fn a_key_whose_account_is_gone_is_503() {
    let store = Stopped::new();
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let key = metered(&keys, 5).await;
    store.is(Mood::WithoutAccounts);
    show(&app(keys), &key)
        .await
        .refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_handler_that_asks_the_chain_spends_none() {
    let keys = keys();
    let key = metered(&keys, 5).await;
    let request = http::Request::get("/")
        .header("x-api-key", key.secret().unwrap().expose())
        .body(())
        .unwrap();
    let accepted = keys
        .authenticate(&AuthRequest::from(&request))
        .await
        .unwrap();
    assert!(accepted.is_some());
    assert_eq!(left(&keys, &key).await, 5);
}

#[tokio::test]
async fn a_check_that_refuses_spends_none() {
    let keys = keys();
    let key = metered(&keys, 5).await;
    let checked = keys.clone().and_then(async |_, _| {
        Err::<AuthContext, _>(tower_auth::AuthError::invalid_credential("second_factor"))
    });
    show(&app(checked), &key)
        .await
        .refused_with(401, "invalid_credential");
    assert_eq!(left(&keys, &key).await, 5);
}

#[tokio::test]
async fn a_check_that_answers_with_a_context_of_its_own_makes_no_request_free() {
    let keys = keys();
    let key = metered(&keys, 1).await;
    let checked = keys
        .clone()
        .and_then(async |_, _| Ok(AuthContext::new("somebody")));
    let app = app(checked);
    show(&app, &key).await.accepted_as("somebody");
    show(&app, &key).await.refused_with(429, "quota_exhausted");
}

#[tokio::test]
async fn a_refusal_behind_the_layer_spends_one_credit_and_no_second() {
    let keys = keys();
    let key = metered(&keys, 5).await;
    let inner = guarded(AuthLayer::new(keys.clone())).layer(RequireScopes::all(["b"]).unwrap());
    let app = inner.layer(AuthLayer::new(keys.clone()));
    show(&app, &key)
        .await
        .refused_with(403, "insufficient_scope");
    assert_eq!(left(&keys, &key).await, 4);
}

#[tokio::test]
async fn a_credit_that_cannot_be_spent_is_503() {
    let (store, clock) = (Stopped::new(), ManualClock::now());
    let keys = opened(&store, &clock).await;
    let key = metered(&keys, 5).await;
    let app = app(keys);
    store.is(Mood::Failing);
    show(&app, &key).await.refused_with(503, "unavailable");
    store.is(Mood::Panicking);
    show(&app, &key).await.refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_rotation_neither_doubles_credits_nor_resets_them() {
    let keys = keys();
    let old = metered(&keys, 3).await;
    let app = app(keys.clone());
    show(&app, &old).await.accepted_as(id(&old).as_str());
    let day = std::time::Duration::from_secs(86_400);
    let new = keys.as_operator("ada").rotate(id(&old), day).await.unwrap();
    show(&app, &new).await.accepted_as(id(&old).as_str());
    show(&app, &old).await.accepted_as(id(&old).as_str());
    for key in [&old, &new] {
        show(&app, key).await.refused_with(429, "quota_exhausted");
    }
}
