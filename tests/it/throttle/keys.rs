//! Managed keys carry limits of their own, which their layer counts [12.2], [14.3].

use axum::Router;
use http::Request;
use tower_auth::{
    AuthLayer,
    keys::{KeyLimit, KeyRequest, KeyUpdate, MadeKey, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use crate::common::answer::{Answer, Seen, guarded, send};

struct World {
    keys: ManagedKeys,
    app: Router,
    clock: ManualClock,
}

impl World {
    async fn new() -> Self {
        Self::on(MemoryKeyStore::new().unwrap()).await
    }

    /// A process that begins on a store.
    async fn on(store: MemoryKeyStore) -> Self {
        let clock = ManualClock::now();
        let keys = ManagedKeys::new(store, "sk")
            .unwrap()
            .with_clock(clock.clock());
        keys.open().await.unwrap();
        let app = guarded(AuthLayer::new(keys.clone()));
        Self { keys, app, clock }
    }

    async fn make(&self, request: KeyRequest) -> MadeKey {
        self.keys.as_operator("ada").create(request).await.unwrap()
    }

    async fn show(&self, key: &MadeKey) -> Answer {
        let request = Request::get("/run").header("x-api-key", key.secret().unwrap().expose());
        send(&self.app, request.body(axum::body::Body::empty()).unwrap()).await
    }

    async fn passed(&self, key: &MadeKey) -> usize {
        for number in 0..50 {
            match self.show(key).await.status.as_u16() {
                200 => {}
                429 => return number,
                status => panic!("{status}"),
            }
        }
        panic!("nothing is refused");
    }
}

fn limited(requests: u32) -> KeyRequest {
    KeyRequest::new("ci").with_limit(KeyLimit::new(requests, 60))
}

#[tokio::test]
async fn a_key_is_held_to_its_limit_and_told_of_it() {
    let world = World::new().await;
    let (key, other) = (world.make(limited(3)).await, world.make(limited(3)).await);
    let answer = world.show(&key).await;
    assert_eq!(answer.headers["ratelimit"], "\"key-limit\";r=2;t=20");
    assert_eq!(answer.headers["ratelimit-policy"], "\"key-limit\";q=3;w=60");
    assert_eq!(world.passed(&key).await, 2);
    let refused = world.show(&key).await;
    refused.refused_with(429, "throttled");
    assert_eq!(refused.headers["retry-after"], "20");
    assert_eq!(refused.headers["ratelimit"], "\"key-limit\";r=0;t=20");
    assert_eq!(world.passed(&other).await, 3);
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(world.show(&key).await.headers["retry-after"], "19");
    let unlimited = world.make(KeyRequest::new("free")).await;
    assert!(
        !world
            .show(&unlimited)
            .await
            .headers
            .contains_key("ratelimit")
    );
}

#[tokio::test]
async fn a_change_counts_from_the_next_request() {
    let world = World::new().await;
    let key = world.make(limited(2)).await;
    assert_eq!(world.passed(&key).await, 2);
    let admin = world.keys.as_operator("ada");
    let id = key.key().record().id().clone();
    let change = |limit| KeyUpdate::new().with_limit(limit);
    admin
        .update(&id, change(Some(KeyLimit::new(100, 60))))
        .await
        .unwrap();
    // What was taken from the smaller bucket is missing in the larger one, which fills faster.
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(world.show(&key).await.status, 200);
    admin
        .update(&id, change(Some(KeyLimit::new(1, 3_600))))
        .await
        .unwrap();
    assert_eq!(world.passed(&key).await, 0);
    admin.update(&id, change(None)).await.unwrap();
    assert_eq!(world.show(&key).await.status, 200);
}

#[tokio::test]
async fn a_limit_of_no_requests_refuses_every_request() {
    let world = World::new().await;
    let key = world.make(limited(0)).await;
    assert_eq!(world.show(&key).await.status, 429);
}

#[tokio::test]
async fn a_key_and_its_successor_share_one_bucket() {
    let world = World::new().await;
    let old = world.make(limited(4)).await;
    assert_eq!(world.show(&old).await.status, 200);
    let admin = world.keys.as_operator("ada");
    let id = old.key().record().id().clone();
    let new = admin
        .rotate(&id, std::time::Duration::from_secs(3_600))
        .await
        .unwrap();
    assert_eq!(world.show(&new).await.status, 200);
    assert_eq!(world.show(&old).await.status, 200);
    assert_eq!(world.passed(&new).await, 1);
    assert_eq!(world.passed(&old).await, 0);
}

#[tokio::test]
async fn what_is_refused_for_its_limit_costs_no_credit() {
    let world = World::new().await;
    let key = world.make(limited(2).with_credits(10)).await;
    assert_eq!(world.passed(&key).await, 2);
    for _ in 0..5 {
        world.show(&key).await.refused_with(429, "throttled");
    }
    let admin = world.keys.as_operator("ada");
    let now = admin.get(key.key().record().id()).await.unwrap();
    assert_eq!(now.credits(), Some(8));
}

#[tokio::test]
async fn a_request_counts_once_however_many_layers_ask() {
    let world = World::new().await;
    let key = world.make(limited(2)).await;
    let app = guarded(AuthLayer::new(world.keys.clone())).layer(AuthLayer::new(world.keys.clone()));
    for status in [200, 200, 429] {
        let request = Request::get("/run").header("x-api-key", key.secret().unwrap().expose());
        let answer = send(&app, request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_key_without_a_limit_is_held_to_that_of_its_account() {
    let world = World::new().await;
    let own = KeyRequest::new("own").with_scopes(["keys:write"]);
    let own = world.make(own.with_credits(1_000)).await;
    let caller = world.show(&own).await;
    let caller = caller.extensions.get::<Seen>().unwrap();
    let admin = world.keys.as_caller(caller.context.as_ref().unwrap());
    let limited = KeyRequest::new("a").with_limit(KeyLimit::new(2, 60));
    let limited = admin.create(limited).await.unwrap();
    let free = KeyRequest::new("b");
    let free = admin.create(free).await.unwrap();
    assert_eq!(world.passed(&limited).await, 2);
    // Another key of the account is no limit for this one.
    for _ in 0..10 {
        assert_eq!(world.show(&free).await.status, 200);
    }
    let update = KeyUpdate::new().with_limit(Some(KeyLimit::new(3, 60)));
    let operator = world.keys.as_operator("ada");
    operator
        .update(own.key().record().id(), update)
        .await
        .unwrap();
    world.clock.advance(std::time::Duration::from_secs(60));
    let answer = world.show(&free).await;
    assert_eq!(answer.headers["ratelimit"], "\"key-limit\";r=2;t=20");
    assert_eq!(world.passed(&free).await, 2);
    assert_eq!(world.passed(&own).await, 0);
    let credits = operator.get(own.key().record().id()).await.unwrap();
    // What is refused costs none.
    assert_eq!(credits.credits(), Some(1_000 - 1 - 2 - 10 - 3));
}

#[tokio::test]
async fn limited_keys_of_an_account_without_a_limit_do_not_bind_each_other() {
    let store = MemoryKeyStore::new().unwrap();
    let first = World::on(store.clone()).await;
    let own = first
        .make(KeyRequest::new("own").with_scopes(["keys:write"]))
        .await;
    let caller = first.show(&own).await;
    let caller = caller.extensions.get::<Seen>().unwrap();
    let admin = first.keys.as_caller(caller.context.as_ref().unwrap());
    let narrow = KeyRequest::new("a").with_limit(KeyLimit::new(2, 60));
    let narrow = admin.create(narrow).await.unwrap();
    let wide = KeyRequest::new("b").with_limit(KeyLimit::new(5, 60));
    let wide = admin.create(wide).await.unwrap();
    for world in [first, World::on(store).await] {
        assert_eq!(world.passed(&wide).await, 5);
        assert_eq!(world.passed(&narrow).await, 2);
    }
}

#[tokio::test]
async fn a_successor_whose_limit_is_raised_is_not_held_to_the_old_one() {
    let store = MemoryKeyStore::new().unwrap();
    let first = World::on(store.clone()).await;
    let old = first.make(limited(3)).await;
    let admin = first.keys.as_operator("ada");
    let overlap = std::time::Duration::from_secs(3_600);
    let new = admin
        .rotate(old.key().record().id(), overlap)
        .await
        .unwrap();
    let raised = KeyUpdate::new().with_limit(Some(KeyLimit::new(6, 60)));
    let id = new.key().record().id();
    admin.update(id, raised).await.unwrap();
    // What becomes of the old key afterwards says nothing of the account.
    let renamed = KeyUpdate::new().with_name("old");
    admin
        .update(old.key().record().id(), renamed)
        .await
        .unwrap();
    for world in [first, World::on(store).await] {
        // One of three a minute is as much as two of six.
        assert_eq!(world.show(&old).await.status, 200);
        assert_eq!(world.passed(&new).await, 4);
        // They share what the account has.
        assert_eq!(world.passed(&old).await, 0);
    }
}

#[tokio::test]
async fn a_successor_whose_limit_is_lowered_is_held_to_the_new_one() {
    let world = World::new().await;
    let old = world.make(limited(6)).await;
    let admin = world.keys.as_operator("ada");
    let overlap = std::time::Duration::from_secs(3_600);
    let new = admin
        .rotate(old.key().record().id(), overlap)
        .await
        .unwrap();
    let lowered = KeyUpdate::new().with_limit(Some(KeyLimit::new(2, 60)));
    admin
        .update(new.key().record().id(), lowered)
        .await
        .unwrap();
    assert_eq!(world.passed(&new).await, 2);
    assert_eq!(world.passed(&old).await, 0);
}

#[tokio::test]
async fn keys_that_a_deleted_key_made_are_no_more_together_than_the_widest_of_them() {
    let world = World::new().await;
    let own = limited(6).with_scopes(["keys:write"]);
    let own = world.make(own).await;
    let caller = world.show(&own).await;
    let caller = caller.extensions.get::<Seen>().unwrap();
    let admin = world.keys.as_caller(caller.context.as_ref().unwrap());
    let [one, other] = [
        admin.create(limited(6)).await,
        admin.create(limited(4)).await,
    ]
    .map(Result::unwrap);
    let operator = world.keys.as_operator("ada");
    operator.delete(own.key().record().id()).await.unwrap();
    world.clock.advance(std::time::Duration::from_secs(60));
    let passed = world.passed(&other).await + world.passed(&one).await;
    assert_eq!(passed, 6);
}

#[tokio::test]
async fn a_shorter_time_ends_the_wait_of_a_longer_one() {
    let world = World::new().await;
    let key = KeyRequest::new("ci").with_limit(KeyLimit::new(1, 86_400));
    let key = world.make(key).await;
    assert_eq!(world.passed(&key).await, 1);
    let update = KeyUpdate::new().with_limit(Some(KeyLimit::new(60, 60)));
    let admin = world.keys.as_operator("ada");
    admin.update(key.key().record().id(), update).await.unwrap();
    let refused = world.show(&key).await;
    refused.refused_with(429, "throttled");
    assert_eq!(refused.headers["retry-after"], "1");
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(world.passed(&key).await, 1);
}
