//! API keys: how they are built, whom they stand for, when they count.

use crate::common;

use std::time::{Duration, UNIX_EPOCH};

use common::log::Log;
use http::Request;
use tower_auth::{
    AuthContext, AuthError, AuthRequest, ConfigErrorKind, Secret,
    provider::{ApiKeyAuth, ApiKeyRecord, AuthProvider},
    testing::ManualClock,
};

#[tokio::test]
async fn a_bare_keys_user_id_is_made_of_its_digest() {
    // printf %s abc | sha256sum
    let keys = ApiKeyAuth::new(["abc"]).unwrap();
    let context = ask(&keys, "abc").await.unwrap();
    assert_eq!(context.user_id(), "apikey_ba7816bf8f01");
    assert_eq!(context.method(), "api_key");
    assert_eq!(context.issuer(), None);
    assert!(context.scopes().is_all());
}

#[tokio::test]
async fn takes_one_key_or_many_of_every_kind_of_text() {
    let text = "key-1".to_owned();
    for keys in [
        ApiKeyAuth::new(["key-1"]),
        ApiKeyAuth::new([&text]),
        ApiKeyAuth::new(vec![text.clone()]),
        ApiKeyAuth::new(Some(Secret::from("key-1"))),
        ApiKeyAuth::new(["key-0", "key-1", "key-2"]),
    ] {
        assert!(ask(&keys.unwrap(), "key-1").await.is_ok());
    }
}

#[tokio::test]
async fn a_record_has_its_name_as_user_id_and_all_its_details() {
    let expiry = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let record = ApiKeyRecord::new("frontend", "key")
        .unwrap()
        .with_scopes(["graph:invoke", "files:read"])
        .with_issuer("eu")
        .with_expires_at(expiry)
        .with_metadata("team", "web")
        .with_metadata("tier", 2);
    assert_eq!(record.name(), "frontend");
    let context = ask(&ApiKeyAuth::new([record]).unwrap(), "key")
        .await
        .unwrap();
    assert_eq!(context.user_id(), "frontend");
    assert_eq!(context.issuer(), Some("eu"));
    assert_eq!(context.scopes().to_string(), "graph:invoke files:read");
    assert!(!context.scopes().contains("graph:stream"));
    assert_eq!(context.expires_at(), Some(expiry));
    assert_eq!(context.metadata()["team"], "web");
    assert_eq!(context.claim::<u8>("tier").unwrap(), Some(2));
}

#[tokio::test]
async fn a_record_grants_everything_unless_it_says_otherwise_and_an_empty_list_nothing() {
    let none: [&str; 0] = [];
    let record = || ApiKeyRecord::new("a", "key").unwrap();
    for (record, all, empty) in [
        (record(), true, false),
        (record().with_scopes(["*"]), true, false),
        (record().with_scopes(none), false, true),
        (record().with_scopes([""]), false, true),
        (record().with_scopes(["graph:*"]), false, false),
    ] {
        let context = ask(&ApiKeyAuth::new([record]).unwrap(), "key")
            .await
            .unwrap();
        assert_eq!(
            (context.scopes().is_all(), context.scopes().is_empty()),
            (all, empty)
        );
        assert_eq!(context.scopes().contains("graph:invoke"), all);
    }
}

#[tokio::test]
async fn a_digest_stands_for_its_key_in_either_case() {
    // printf %s abc | sha256sum
    let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for hex in [hex.to_owned(), hex.to_uppercase()] {
        let keys = ApiKeyAuth::new([ApiKeyRecord::from_sha256("a", &hex).unwrap()]).unwrap();
        assert_eq!(ask(&keys, "abc").await.unwrap().user_id(), "a");
        assert_eq!(refusal(&keys, &hex).await, "api_key_unknown");
    }
}

#[test]
fn a_digest_that_is_none_is_refused_when_built() {
    let digits = "0123456789abcdef".repeat(4);
    for hex in [
        String::new(),
        digits[1..].to_owned(),
        format!("{digits}0"),
        format!(" {}", &digits[1..]),
        format!("0x{}", &digits[2..]),
        format!("{}g", &digits[1..]),
        format!("+{}", &digits[1..]),
        "é".repeat(32),
        format!("{digits}\n"),
    ] {
        let error = ApiKeyRecord::from_sha256("a", &hex).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{hex:?}");
        assert!(error.to_string().contains("64 hex digits"), "{error}");
        assert!(hex.is_empty() || !error.to_string().contains(&hex));
    }
}

#[test]
fn the_digest_of_an_empty_key_is_refused_when_built() {
    // printf '' | sha256sum: what an unset variable in a deployment script makes.
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let error = ApiKeyRecord::from_sha256("a", hex).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Blank);
}

#[test]
fn no_key_at_all_is_refused_when_built() {
    let none: [&str; 0] = [];
    let error = ApiKeyAuth::new(none).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Empty);
    assert_eq!(
        error.to_string(),
        "there is no API key: give at least one, made with `openssl rand -base64 32`"
    );
}

/// The warnings of one run, each as it stands in the log.
fn warned(build: impl FnOnce()) -> Vec<String> {
    let log = Log::start();
    build();
    let events = log.events();
    let warnings = events
        .iter()
        .filter(|event| event.level == tracing::Level::WARN);
    warnings
        .map(|event| format!("{:?}", event.fields))
        .collect()
}

#[test]
fn key_under_16_characters_is_a_warning_that_names_the_record_and_not_the_key() {
    let said = warned(|| {
        let records = [("short", "fifteen-chars-x"), ("long", "sixteen-chars-xy")]
            .map(|(name, key)| ApiKeyRecord::new(name, key).unwrap());
        ApiKeyAuth::new(records).unwrap();
    });
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("short"), "{said:?}");
    assert!(said[0].contains("fewer than 16 characters"), "{said:?}");
    assert!(!said[0].contains("long"), "{said:?}");
    assert!(!said[0].contains("chars-x"), "{said:?}");
}

#[test]
fn characters_are_counted_and_not_bytes() {
    let said = warned(|| drop(ApiKeyAuth::new(["ééééééééééééééé"]).unwrap()));
    // printf %s ééééééééééééééé | sha256sum
    assert!(said[0].contains("apikey_"), "{said:?}");
    assert!(warned(|| drop(ApiKeyAuth::new(["éééééééééééééééé"]).unwrap())).is_empty());
}

#[test]
fn short_key_is_a_warning_as_well_where_a_handle_brings_it() {
    let keys = ApiKeyAuth::empty();
    let handle = keys.handle();
    let short = |name: &str| ApiKeyRecord::new(name, format!("k-{name}")).unwrap();
    let said = warned(|| {
        handle.add(short("added")).unwrap();
        handle.replace(short("put")).unwrap();
        handle.replace_all([short("all")]).unwrap();
        // It was told of when it came.
        handle.revoke("all").unwrap();
    });
    assert_eq!(said.len(), 3, "{said:?}");
    for (line, name) in said.iter().zip(["added", "put", "all"]) {
        assert!(line.contains(name), "{line}");
    }
}

#[test]
fn many_short_keys_are_one_line_of_the_log() {
    let said = warned(|| {
        ApiKeyAuth::new((0..10_000).map(|key| format!("key-{key}"))).unwrap();
    });
    assert_eq!(said.len(), 1);
    assert!(said[0].len() < 2_000, "{}", said[0].len());
    assert!(said[0].contains("10000"), "{said:?}");
}

#[test]
fn key_known_by_its_digest_alone_is_no_warning() {
    let said = warned(|| {
        let record = ApiKeyRecord::from_sha256("a", &"0f".repeat(32)).unwrap();
        ApiKeyAuth::new([record]).unwrap();
    });
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn a_blank_key_or_name_is_refused_when_built() {
    for blank in ["", " ", "\t", "\n", " \u{a0}\u{2003}"] {
        for error in [
            ApiKeyAuth::new([blank]).unwrap_err(),
            ApiKeyAuth::new(["good", blank]).unwrap_err(),
            ApiKeyRecord::new("name", blank).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ConfigErrorKind::Blank, "{blank:?}");
            assert!(
                error
                    .to_string()
                    .starts_with("an API key is blank: make one with")
            );
        }
        let error = ApiKeyRecord::new(blank, "key").unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Blank);
        assert!(
            error
                .to_string()
                .starts_with("the name of an API key is blank"),
            "{error}"
        );
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_refused_when_built() {
    for key in [
        " c4nary",
        "c4nary ",
        "c4nary\n",
        "\tc4nary",
        "c4nary\0b",
        "c4nary\nb",
        "c4nary\u{7f}b",
        "c4nary\tb",
    ] {
        let error = ApiKeyAuth::new([key]).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{key:?}");
        assert!(
            error.to_string().contains("no HTTP header can carry"),
            "{error}"
        );
        assert!(!error.to_string().contains("c4nary"), "{error}");
    }
}

#[test]
fn duplicates_are_refused_when_built() {
    let record = |name, key| ApiKeyRecord::new(name, key).unwrap();
    let same_name = ApiKeyAuth::new([record("a", "one"), record("a", "two")]).unwrap_err();
    assert_eq!(same_name.kind(), ConfigErrorKind::Duplicate);
    assert_eq!(
        same_name.to_string(),
        "two API keys are named \"a\": a name is a user id, so give each its own"
    );
    let same_key = ApiKeyAuth::new([record("a", "one"), record("b", "one")]).unwrap_err();
    assert_eq!(same_key.kind(), ConfigErrorKind::Duplicate);
    assert_eq!(
        same_key.to_string(),
        "two entries have the API key named \"b\": give each caller a key of its own"
    );
    let bare = ApiKeyAuth::new(["one", "one"]).unwrap_err();
    assert_eq!(bare.kind(), ConfigErrorKind::Duplicate);
    assert!(!bare.to_string().contains("one\""), "{bare}");
}

#[test]
fn every_message_says_what_to_do_in_one_clause() {
    let none: [&str; 0] = [];
    let record = |name, key| ApiKeyRecord::new(name, key);
    let two = |a: ApiKeyRecord, b: ApiKeyRecord| ApiKeyAuth::new([a, b]).unwrap_err();
    for error in [
        ApiKeyAuth::new(none).unwrap_err(),
        ApiKeyAuth::new([""]).unwrap_err(),
        record("", "k").unwrap_err(),
        record("n", " k").unwrap_err(),
        ApiKeyRecord::from_sha256("n", "x").unwrap_err(),
        two(record("a", "1").unwrap(), record("a", "2").unwrap()),
        two(record("a", "1").unwrap(), record("b", "1").unwrap()),
        ApiKeyAuth::new(["k"])
            .unwrap()
            .handle()
            .revoke("x")
            .unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(
            text.contains(": "),
            "it says what to do after a colon: {text}"
        );
        assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
    }
}

#[tokio::test]
async fn expires_to_the_second() {
    let clock = ManualClock::at_unix(1_000);
    let expiry = UNIX_EPOCH + Duration::from_secs(1_060);
    let record = ApiKeyRecord::new("a", "key")
        .unwrap()
        .with_expires_at(expiry);
    let keys = ApiKeyAuth::new([record]).unwrap().with_clock(clock.clock());
    clock.advance(Duration::from_secs(59));
    assert!(ask(&keys, "key").await.is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(refusal(&keys, "key").await, "api_key_expired");
    clock.advance(Duration::from_secs(1_000_000));
    assert_eq!(refusal(&keys, "key").await, "api_key_expired");
}

#[tokio::test]
async fn a_key_that_expired_before_it_was_built_is_refused() {
    for expiry in [UNIX_EPOCH, UNIX_EPOCH - Duration::from_secs(1)] {
        let record = ApiKeyRecord::new("a", "key")
            .unwrap()
            .with_expires_at(expiry);
        let keys = ApiKeyAuth::new([record]).unwrap();
        assert_eq!(refusal(&keys, "key").await, "api_key_expired");
    }
}

#[tokio::test]
async fn judges_unknown_then_revoked_then_expired() {
    let past = UNIX_EPOCH + Duration::from_secs(1);
    let record = |name: &str| ApiKeyRecord::new(name, format!("key-{name}")).unwrap();
    let keys = ApiKeyAuth::new([
        record("both").with_revoked(true).with_expires_at(past),
        record("revoked").with_revoked(true),
        record("expired").with_expires_at(past),
        record("good"),
        record("restored").with_revoked(true).with_revoked(false),
    ])
    .unwrap();
    assert_eq!(refusal(&keys, "key-nobody").await, "api_key_unknown");
    assert_eq!(refusal(&keys, "key-both").await, "api_key_revoked");
    assert_eq!(refusal(&keys, "key-revoked").await, "api_key_revoked");
    assert_eq!(refusal(&keys, "key-expired").await, "api_key_expired");
    assert!(ask(&keys, "key-good").await.is_ok());
    assert!(ask(&keys, "key-restored").await.is_ok());
}

#[tokio::test]
async fn every_one_of_100_000_keys_is_found_and_no_other() {
    let keys = ApiKeyAuth::new((0..100_000).map(|i| format!("sk-live-{i}"))).unwrap();
    for i in 0..100_000 {
        assert!(ask(&keys, &format!("sk-live-{i}")).await.is_ok(), "{i}");
    }
    for i in 100_000..101_000 {
        assert_eq!(
            refusal(&keys, &format!("sk-live-{i}")).await,
            "api_key_unknown"
        );
    }
}

#[tokio::test]
async fn is_not_asked_about_a_message() {
    let keys = ApiKeyAuth::new(["key"]).unwrap();
    let message = tower_auth::Message::new("telegram").with_user_id("key");
    let answer = keys.authenticate(&AuthRequest::message(&message)).await;
    assert!(answer.unwrap().is_none());
}

#[test]
fn building_keys_logs_nothing() {
    let log = Log::start();
    let _keys = ApiKeyAuth::new(["sk-live-9f3a51d8"]).unwrap();
    assert_eq!(log.text(), "");
}

async fn ask(keys: &ApiKeyAuth, key: &str) -> Result<AuthContext, AuthError> {
    let request = Request::get("/").header("x-api-key", key).body(()).unwrap();
    let answer = keys.authenticate(&AuthRequest::from(&request)).await;
    answer.map(|context| context.expect("a key was shown"))
}

async fn refusal(keys: &ApiKeyAuth, key: &str) -> String {
    let error = ask(keys, key).await.unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (401, "invalid_credential")
    );
    error.reason().to_owned()
}
