//! When the store is opened, and what holds until it is.

use std::{fs, time::Duration};

use tower_auth::{ConfigErrorKind, keys::KeyFormat};

use super::kit::{Outside, PLAIN, show, until};
use crate::{
    common::{answer::guarded, log::Log},
    keys::kit::Mood,
};

#[tokio::test]
async fn building_opens_nothing_and_the_first_request_opens_once() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let app = outside.app(PLAIN);
    assert_eq!(outside.attempts(), 0);
    let all = tokio::join!(show(&app, &key), show(&app, &key), show(&app, &key));
    for answer in [all.0, all.1, all.2] {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(outside.attempts(), 1);
}

#[tokio::test]
async fn a_request_without_a_credential_opens_nothing() {
    let outside = Outside::new();
    let app = outside.app(PLAIN);
    let answer = crate::common::answer::run(&app, &[]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(outside.attempts(), 0);
}

#[tokio::test]
async fn opening_reads_all_keys() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let setup = outside.build(PLAIN);
    setup.open().await.unwrap();
    assert_eq!(setup.managed_keys().unwrap().known(), 1);
    // On another task, as a program may.
    let again = tokio::spawn(async move {
        setup.open().await.unwrap();
        setup
    });
    let setup = again.await.unwrap();
    assert_eq!(outside.attempts(), 1);
    let app = guarded(setup.into_layer());
    assert_eq!(show(&app, &key).await.status, 200);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_told_with_its_place_and_its_reason() {
    let outside = Outside::new();
    outside.opens(Mood::Failing);
    let setup =
        outside.build("auth:\n  key_store:\n    url: 'memory://a:hunter2@b'\n    prefix: sk");
    let faults = setup.open().await.unwrap_err();
    assert_eq!(faults.faults()[0].kind(), ConfigErrorKind::Unavailable);
    assert_eq!(
        faults.to_string(),
        "<yaml>:3:10: auth.key_store.url: memory://…@b: the key store cannot be asked: the server is \
         away: start it, or mend the URL"
    );
}

#[tokio::test]
async fn an_opener_that_panics_is_a_store_that_is_away() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    outside.opens(Mood::Panicking);
    let setup = outside.build(PLAIN);
    assert!(setup.open().await.is_err());
    let app = guarded(setup.into_layer());
    show(&app, &key).await.refused_with(503, "unavailable");
}

#[tokio::test(start_paused = true)]
async fn an_opener_that_hangs_is_given_up() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    outside.opens(Mood::Hanging);
    let setup = outside.build(PLAIN);
    let text = setup.open().await.unwrap_err().to_string();
    assert!(text.contains("in time"), "{text}");
    outside.opens(Mood::Well);
    tokio::time::sleep(Duration::from_secs(2)).await;
    setup.open().await.unwrap();
    let app = guarded(setup.into_layer());
    assert_eq!(show(&app, &key).await.status, 200);
}

/// The first answer is 503 for every key of the store's form, and nothing else than 503 or 401.
#[tokio::test]
async fn a_store_that_was_never_open_refuses_with_503_and_recovers() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let unknown = KeyFormat::new("sk").unwrap().generate().unwrap();
    outside.opens(Mood::Failing);
    let app = outside.app(PLAIN);
    let log = Log::start();
    for shown in [&*key, unknown.expose()] {
        show(&app, shown).await.refused_with(503, "unavailable");
    }
    let said = log.text();
    assert!(said.contains("the server is away"), "{said}");
    // Its checksum says so without a store.
    let last = if key.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &key[..key.len() - 1]);
    show(&app, &mistyped)
        .await
        .refused_with(401, "invalid_credential");

    outside.opens(Mood::Well);
    until(&app, &key, 200).await;
    show(&app, unknown.expose())
        .await
        .refused_with(401, "invalid_credential");
}

/// Every poll asks the store, four times a second: a wrong password must not be tried as often.
#[tokio::test(start_paused = true)]
async fn a_failed_attempt_is_repeated_once_a_second() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    outside.opens(Mood::Failing);
    let app = outside.app(PLAIN);
    show(&app, &key).await.refused_with(503, "unavailable");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let attempts = outside.attempts();
    assert!((30..=61).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn a_request_that_is_given_up_ends_no_attempt() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let app = outside.app(PLAIN);
    {
        let request = show(&app, &key);
        let _given_up = tokio::time::timeout(Duration::ZERO, request).await;
    }
    until(&app, &key, 200).await;
    assert_eq!(outside.attempts(), 1);
}

/// A runtime that ends takes the attempt with it.
#[test]
fn another_runtime_opens_what_one_left_unopened() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let outside = Outside::new();
    let first = runtime();
    let key = first.block_on(outside.key("sk"));
    outside.opens(Mood::Hanging);
    let setup = outside.build(PLAIN);
    first.block_on(async {
        let _given_up = tokio::time::timeout(Duration::from_millis(50), setup.open()).await;
    });
    drop(first);
    outside.opens(Mood::Well);
    runtime().block_on(async {
        setup.open().await.unwrap();
        let app = guarded(setup.into_layer());
        assert_eq!(show(&app, &key).await.status, 200);
    });
}

#[tokio::test]
async fn without_a_store_or_with_everybody_let_in_there_is_nothing_to_open() {
    let outside = Outside::new();
    let plain = outside.build("auth: {api_keys: [{name: a, key: sk-a}]}");
    plain.open().await.unwrap();
    assert!(plain.managed_keys().is_none());
    let off = "auth: {enabled: false, key_store: {url: 'memory:', prefix: sk}}";
    outside.build(off).open().await.unwrap();
    assert_eq!(outside.attempts(), 0);
}

#[tokio::test]
async fn the_url_may_stand_in_a_variable_or_a_file() {
    let outside = Outside::new();
    let key = outside.key("sk").await;
    let file = std::env::temp_dir().join(format!("tower-auth-store-url-{}", std::process::id()));
    fs::write(&file, "memory:keys\n").unwrap();
    let path = file.display();
    for text in [
        "auth: {key_store: {url: '${STORE}', prefix: sk}}".to_owned(),
        format!("auth: {{key_store: {{url: '${{file:{path}}}', prefix: sk}}}}"),
        format!("auth: {{key_store: {{url_file: '{path}', prefix: sk}}}}"),
    ] {
        let config = outside.reads(&text).with_env([("STORE", "memory:keys")]);
        let setup = config.build().unwrap_or_else(|faults| panic!("{faults}"));
        let app = guarded(setup.into_layer());
        assert_eq!(show(&app, &key).await.status, 200, "{text}");
    }
    let env = [
        ("TOWER_AUTH__KEY_STORE__URL", "memory:keys"),
        ("TOWER_AUTH__KEY_STORE__PREFIX", "sk"),
    ];
    let config = outside.knows(tower_auth::config::AuthConfig::from_env().with_env(env));
    let app = guarded(config.into_layer().unwrap());
    assert_eq!(show(&app, &key).await.status, 200);
    fs::remove_file(file).unwrap();
}
