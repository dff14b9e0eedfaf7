//! What managed keys cost [12.3].

use http::Request;
use tower_auth::{
    AuthLayer,
    keys::{KeyRequest, ManagedKeys, MemoryKeyStore},
    testing::ManualClock,
};

use super::{KEY, allocations, keys, runtime, with};

#[test]
fn a_managed_key_allocates_no_more_than_a_static_one() {
    let clock = ManualClock::now();
    let store = MemoryKeyStore::new().unwrap();
    let managed = ManagedKeys::new(store, "sk")
        .unwrap()
        .with_clock(clock.clock());
    let made = runtime().block_on(async {
        managed.open().await.unwrap();
        let request = KeyRequest::new("ci").with_scopes(["graph:invoke"]);
        managed.as_operator("ada").create(request).await.unwrap()
    });
    let secret = made.secret().unwrap().expose();
    let shown = allocations(&AuthLayer::new(managed), || {
        Request::get("/run")
            .header("x-api-key", secret)
            .body(())
            .unwrap()
    });
    let fixed = allocations(&AuthLayer::new(keys()), with("x-api-key", KEY));
    assert_eq!(shown, fixed);
}

#[test]
fn a_managed_key_takes_as_many_bytes_as_the_documentation_says() {
    const COUNT: i64 = 4_000;
    let store = MemoryKeyStore::new().unwrap();
    let runtime = runtime();
    let maker = ManagedKeys::new(store.clone(), "sk").unwrap();
    let admin = maker.as_operator("ada");
    runtime.block_on(async {
        for number in 0..COUNT {
            let request = KeyRequest::new(format!("key {number}")).with_scopes(["graph:invoke"]);
            admin.create(request).await.unwrap();
        }
    });
    let keys = ManagedKeys::new(store, "sk").unwrap();
    let taken = allocation_counter::measure(|| runtime.block_on(keys.open()).unwrap());
    assert_eq!(keys.known(), 4_000);
    let each = taken.bytes_current / COUNT;
    println!("{each} bytes a key");
    assert!(
        (300..=640).contains(&each),
        "{each} bytes a key: docs/keys.md says 640 at most"
    );
}

#[test]
fn a_store_beyond_the_bound_is_read_without_all_of_its_keys_in_memory() {
    let store = MemoryKeyStore::new().unwrap();
    let runtime = runtime();
    let maker = ManagedKeys::new(store.clone(), "sk").unwrap();
    let admin = maker.as_operator("ada");
    runtime.block_on(async {
        for number in 0..6_000 {
            let request = KeyRequest::new(format!("key {number}")).with_scopes(["graph:invoke"]);
            admin.create(request).await.unwrap();
        }
    });
    let keys = ManagedKeys::new(store, "sk").unwrap().with_max_known(100);
    let taken = allocation_counter::measure(|| runtime.block_on(keys.open()).unwrap());
    assert_eq!(keys.known(), 100);
    // Two pages of a thousand keys, and the hundred.
    println!(
        "{} bytes at most, {} stay",
        taken.bytes_max, taken.bytes_current
    );
    assert!(taken.bytes_max < 2_000 * 1_000, "{}", taken.bytes_max);
    assert!(taken.bytes_current < 200 * 1_000, "{}", taken.bytes_current);
}
