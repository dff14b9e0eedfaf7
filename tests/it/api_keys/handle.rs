//! Keys that change while they are in use.

use crate::common;

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
async fn replacing_all_keys_by_none_removes_all() {
    let (app, handle) = serving(&["ada", "bob"]);
    let none: [&str; 0] = [];
    handle.replace_all(none).unwrap();
    assert!(handle.names().is_empty());
    for shown in ["key-ada", "key-bob", "key-eve"] {
        assert_eq!(status(&app, shown).await, 401);
    }
    handle.add(record("eve")).unwrap();
    assert_eq!(status(&app, "key-eve").await, 200);
}

#[tokio::test]
async fn removing_all_keys_leaves_a_set_that_new_ones_come_into() {
    let (app, handle) = serving(&["ada", "bob"]);
    handle.remove_all();
    handle.remove_all();
    assert!(handle.names().is_empty());
    assert_eq!(status(&app, "key-ada").await, 401);
    handle.add(record("eve")).unwrap();
    assert_eq!(status(&app, "key-eve").await, 200);
}

#[tokio::test]
async fn empty_set_lets_nobody_in_until_a_handle_adds_a_key() {
    let keys = ApiKeyAuth::empty();
    let handle = keys.handle();
    let app = guarded(AuthLayer::new(keys));
    for shown in ["", " ", "key-ada"] {
        assert_eq!(status(&app, shown).await, 401, "{shown:?}");
    }
    handle.add(record("ada")).unwrap();
    assert_eq!(status(&app, "key-ada").await, 200);
}

#[tokio::test]
async fn two_keys_are_one_caller_while_one_replaces_the_other() {
    let keys = ApiKeyAuth::new([
        record("ada"),
        record("ada-2027").with_user_id("ada"),
        record("bob"),
    ])
    .unwrap();
    let handle = keys.handle();
    assert_eq!(names(&handle), ["ada", "ada-2027", "bob"]);
    let app = guarded(AuthLayer::new(keys));
    for (shown, user) in [
        ("key-ada", "ada"),
        ("key-ada-2027", "ada"),
        ("key-bob", "bob"),
    ] {
        run(&app, &[("x-api-key", shown.as_bytes())])
            .await
            .accepted_as(user);
    }
    handle.remove("ada").unwrap();
    assert_eq!(status(&app, "key-ada").await, 401);
    assert_eq!(status(&app, "key-ada-2027").await, 200);
    handle.revoke("ada-2027").unwrap();
    assert_eq!(status(&app, "key-ada-2027").await, 401);
}

#[test]
fn names_stay_unique_where_user_ids_are_not() {
    let again = || record("ada").with_user_id("eve");
    let error = ApiKeyAuth::new([record("ada"), {
        ApiKeyRecord::new("ada", "key-other")
            .unwrap()
            .with_user_id("eve")
    }])
    .unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Duplicate);
    let (_, handle) = serving(&["ada"]);
    assert_eq!(
        handle.add(again()).unwrap_err().kind(),
        ConfigErrorKind::Duplicate
    );
    handle.replace(again()).unwrap();
    assert_eq!(names(&handle), ["ada"]);
}

#[test]
fn blank_user_id_is_an_error_wherever_the_record_is_put_to_use() {
    let blank = || record("ada").with_user_id(" ");
    let (_, handle) = serving(&["bob"]);
    for error in [
        ApiKeyAuth::new([blank()]).unwrap_err(),
        handle.add(blank()).unwrap_err(),
        handle.replace(blank()).unwrap_err(),
        handle.replace_all([blank()]).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ConfigErrorKind::Blank);
        assert!(error.to_string().contains("\"ada\""), "{error}");
    }
    assert_eq!(names(&handle), ["bob"]);
}

#[tokio::test]
async fn a_change_that_fails_changes_nothing() {
    let (app, handle) = serving(&["ada", "bob"]);
    let clash = || ApiKeyRecord::new("ada", "key-bob").unwrap();
    for (result, kind) in [
        (handle.add(record("ada")), ConfigErrorKind::Duplicate),
        (
            handle.add(ApiKeyRecord::new("eve", "key-ada").unwrap()),
            ConfigErrorKind::Duplicate,
        ),
        (handle.replace(clash()), ConfigErrorKind::Duplicate),
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
            "no API key has the name \"adam\": names() lists the names"
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
