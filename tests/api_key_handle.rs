//! Keys that change while they are in use.
#![cfg(test)]

mod common;

use std::{collections::BTreeSet, thread};

use axum::Router;
use common::answer::{guarded, run};
use tower_auth::{
    AuthLayer, ConfigErrorKind,
    provider::{ApiKeyAuth, ApiKeyHandle, ApiKeyRecord},
};

#[tokio::test]
async fn a_revocation_holds_from_the_next_request() {
    let (app, handle) = serving(&["ada", "bob"]);
    assert_eq!(status(&app, "key-ada").await, 200);
    handle.revoke("ada").unwrap();
    assert_eq!(status(&app, "key-ada").await, 401);
    assert_eq!(status(&app, "key-bob").await, 200);
    handle.revoke("ada").unwrap();
    assert_eq!(status(&app, "key-ada").await, 401);
}

#[tokio::test]
async fn an_added_key_counts_from_the_next_request() {
    let (app, handle) = serving(&["ada"]);
    assert_eq!(status(&app, "key-bob").await, 401);
    handle.add(record("bob")).unwrap();
    assert_eq!(status(&app, "key-bob").await, 200);
    assert_eq!(names(&handle), ["ada", "bob"]);
}

#[tokio::test]
async fn a_replaced_key_makes_the_old_one_unknown() {
    let (app, handle) = serving(&["ada", "bob"]);
    handle
        .replace(ApiKeyRecord::new("ada", "key-new").unwrap())
        .unwrap();
    assert_eq!(status(&app, "key-ada").await, 401);
    assert_eq!(status(&app, "key-new").await, 200);
    handle.replace(record("eve")).unwrap();
    assert_eq!(status(&app, "key-eve").await, 200);
    assert_eq!(names(&handle), ["ada", "bob", "eve"]);
}

#[tokio::test]
async fn replacing_a_revoked_key_by_itself_restores_it() {
    let (app, handle) = serving(&["ada"]);
    handle.revoke("ada").unwrap();
    handle.replace(record("ada")).unwrap();
    assert_eq!(status(&app, "key-ada").await, 200);
}

#[tokio::test]
async fn a_removed_key_is_unknown_and_the_last_one_may_go() {
    let (app, handle) = serving(&["ada"]);
    handle.remove("ada").unwrap();
    assert_eq!(status(&app, "key-ada").await, 401);
    assert!(handle.names().is_empty());
    handle.add(record("ada")).unwrap();
    assert_eq!(status(&app, "key-ada").await, 200);
}

#[tokio::test]
async fn a_whole_new_set_takes_the_place_of_the_old_one() {
    let (app, handle) = serving(&["ada", "bob"]);
    handle.replace_all([record("bob"), record("eve")]).unwrap();
    assert_eq!(status(&app, "key-ada").await, 401);
    assert_eq!(status(&app, "key-bob").await, 200);
    assert_eq!(status(&app, "key-eve").await, 200);
    handle.replace_all(["key-bare"]).unwrap();
    assert_eq!(status(&app, "key-bare").await, 200);
}

#[tokio::test]
async fn a_change_that_fails_changes_nothing() {
    let (app, handle) = serving(&["ada", "bob"]);
    let none: [&str; 0] = [];
    let clash = || ApiKeyRecord::new("ada", "key-bob").unwrap();
    for (result, kind) in [
        (handle.add(record("ada")), ConfigErrorKind::Duplicate),
        (
            handle.add(ApiKeyRecord::new("eve", "key-ada").unwrap()),
            ConfigErrorKind::Duplicate,
        ),
        (handle.replace(clash()), ConfigErrorKind::Duplicate),
        (handle.replace_all(none), ConfigErrorKind::Empty),
        (handle.replace_all(["fresh", " "]), ConfigErrorKind::Blank),
        (
            handle.replace_all(["fresh", "fresh"]),
            ConfigErrorKind::Duplicate,
        ),
    ] {
        assert_eq!(result.unwrap_err().kind(), kind);
        assert_eq!(names(&handle), ["ada", "bob"]);
        assert_eq!(status(&app, "key-ada").await, 200);
        assert_eq!(status(&app, "key-bob").await, 200);
        assert_eq!(status(&app, "fresh").await, 401);
    }
}

#[test]
fn a_name_that_is_not_there_is_an_error_that_names_it() {
    let (_, handle) = serving(&["ada"]);
    for error in [
        handle.revoke("adam").unwrap_err(),
        handle.remove("adam").unwrap_err(),
    ] {
        let text = error.to_string();
        assert_eq!(
            text,
            "no API key is named \"adam\": names() lists those there are"
        );
    }
}

#[tokio::test]
async fn a_handle_of_a_clone_changes_the_same_keys() {
    let keys = ApiKeyAuth::new([record("ada")]).unwrap();
    let app = guarded(AuthLayer::new(keys.clone()));
    keys.clone().handle().clone().revoke("ada").unwrap();
    drop(keys);
    assert_eq!(status(&app, "key-ada").await, 401);
}

#[test]
fn handles_at_work_at_once_lose_no_update() {
    let (_, handle) = serving(&["first"]);
    thread::scope(|scope| {
        for worker in 0..8 {
            let handle = handle.clone();
            scope.spawn(move || {
                for i in 0..50 {
                    handle.add(record(&format!("{worker}-{i}"))).unwrap();
                    handle.add(record(&format!("{worker}-{i}-gone"))).unwrap();
                    handle.remove(&format!("{worker}-{i}-gone")).unwrap();
                }
            });
        }
    });
    let mut expected: BTreeSet<String> = ["first".to_owned()].into();
    expected.extend((0..8).flat_map(|worker| (0..50).map(move |i| format!("{worker}-{i}"))));
    assert_eq!(
        handle.names().into_iter().collect::<BTreeSet<_>>(),
        expected
    );
}

#[test]
fn of_two_that_add_one_name_at_once_exactly_one_succeeds() {
    let (_, handle) = serving(&["first"]);
    for round in 0..50 {
        let name = format!("round-{round}");
        let added = thread::scope(|scope| {
            let adders: Vec<_> = (0..2)
                .map(|i| {
                    let record = ApiKeyRecord::new(&*name, format!("key-{round}-{i}")).unwrap();
                    let handle = &handle;
                    scope.spawn(move || handle.add(record).is_ok())
                })
                .collect();
            adders
                .into_iter()
                .map(|adder| adder.join().unwrap())
                .collect::<Vec<_>>()
        });
        assert_eq!(added.iter().filter(|added| **added).count(), 1);
    }
}

#[test]
fn a_change_holds_on_every_thread_be_there_few_keys_or_many() {
    for others in [1, 1000] {
        let others: Vec<_> = (0..others).map(|i| format!("other-{i}")).collect();
        let others = others.iter().map(String::as_str);
        let (app, handle) = serving(&others.chain(["ada"]).collect::<Vec<_>>());
        let everywhere = |key| {
            let ask = || {
                tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap()
                    .block_on(status(&app, key))
            };
            thread::scope(|scope| {
                let threads = [(); 20].map(|()| scope.spawn(ask));
                threads.map(|thread| thread.join().unwrap())
            })
        };
        assert_eq!(everywhere("key-ada"), [200; 20]);
        handle.revoke("ada").unwrap();
        assert_eq!(everywhere("key-ada"), [401; 20]);
        handle.replace(record("ada")).unwrap();
        assert_eq!(everywhere("key-ada"), [200; 20]);
        handle.remove("ada").unwrap();
        assert_eq!(everywhere("key-ada"), [401; 20]);
        handle.replace_all([record("eve")]).unwrap();
        assert_eq!(everywhere("key-eve"), [200; 20]);
        assert_eq!(everywhere("key-other-0"), [401; 20]);
    }
}

fn serving(names: &[&str]) -> (Router, ApiKeyHandle) {
    let keys = ApiKeyAuth::new(names.iter().map(|name| record(name))).unwrap();
    let handle = keys.handle();
    (guarded(AuthLayer::new(keys)), handle)
}

fn record(name: &str) -> ApiKeyRecord {
    ApiKeyRecord::new(name, format!("key-{name}")).unwrap()
}

fn names(handle: &ApiKeyHandle) -> Vec<String> {
    let mut names = handle.names();
    names.sort();
    names
}

async fn status(app: &Router, key: &str) -> u16 {
    let answer = run(app, &[("x-api-key", key.as_bytes())]).await;
    answer.status.as_u16()
}
