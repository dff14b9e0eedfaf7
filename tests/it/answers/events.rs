//! One event per decision, with fields that stay and nothing in it that a caller could abuse.

use crate::common;

use std::{
    io,
    time::{Duration, UNIX_EPOCH},
};

use axum::Router;
use common::{
    answer::{guarded, request, run, send, witness},
    log::{Event, Log},
};
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer, AuthRequest, AuthRequestBuf,
    provider::{
        ApiKeyAuth, ApiKeyRecord, AuthProvider, CompositeAuth, async_provider_fn, provider_fn,
    },
    testing::ManualClock,
};
use tracing::Level;

const SHOWN: &[(&str, &[u8])] = &[("x-api-key", b"sk-live-9f")];

#[tokio::test]
async fn an_acceptance_is_one_event_that_names_the_caller() {
    let app = guarded(AuthLayer::new(keys()));
    let log = Log::start();
    run(&app, SHOWN).await.accepted_as("ada");
    let event = log.only();
    assert_eq!(event.level, Level::DEBUG);
    assert_eq!(
        fields(&event),
        [
            ("outcome", "accepted"),
            ("path", "/run"),
            ("provider", "api_key"),
            ("user_id", "ada"),
        ]
    );
}

#[tokio::test]
async fn log_shows_the_name_of_the_key_beside_the_user_id() {
    let record = ApiKeyRecord::new("ada-2027", "sk-live-9f3a51d8c702").unwrap();
    assert_eq!((record.name(), record.user_id()), ("ada-2027", "ada-2027"));
    let record = record.with_user_id("eve").with_user_id("ada");
    assert_eq!((record.name(), record.user_id()), ("ada-2027", "ada"));
    assert!(format!("{record:?}").contains("ada-2027"));
    let keys = ApiKeyAuth::new([record]).unwrap();
    let app = guarded(AuthLayer::new(keys));
    let log = Log::start();
    let shown: &[(&str, &[u8])] = &[("x-api-key", b"sk-live-9f3a51d8c702")];
    run(&app, shown).await.accepted_as("ada");
    let event = log.only();
    assert_eq!(event.field("user_id"), Some("ada"));
    assert_eq!(event.field("key"), Some("ada-2027"));
}

#[tokio::test]
async fn log_shows_the_name_of_a_key_that_is_revoked_or_expired_and_the_answer_does_not() {
    let clock = ManualClock::at_unix(1_800_000_000);
    let record = |name, key| ApiKeyRecord::new(name, key).unwrap().with_user_id("ada");
    let past = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let keys = ApiKeyAuth::new([
        record("ada-2025", "sk-live-2025-9f3a51d8").with_revoked(true),
        record("ada-2026", "sk-live-2026-9f3a51d8").with_expires_at(past),
    ])
    .unwrap()
    .with_clock(clock.clock());
    let app = guarded(AuthLayer::new(keys));
    let log = Log::start();
    for (key, reason, name) in [
        ("sk-live-2025-9f3a51d8", "api_key_revoked", Some("ada-2025")),
        ("sk-live-2026-9f3a51d8", "api_key_expired", Some("ada-2026")),
        ("sk-live-2027-9f3a51d8", "api_key_unknown", None),
    ] {
        let answer = run(&app, &[("x-api-key", key.as_bytes())]).await;
        assert!(!format!("{answer:?}").contains("ada"));
        let event = log.only();
        assert_eq!(
            (event.field("reason"), event.field("key")),
            (Some(reason), name)
        );
    }
}

#[tokio::test]
async fn a_pass_without_a_context_is_one_event() {
    let layer = AuthLayer::new(keys())
        .public("/public")
        .access("/optional", Access::Optional)
        .pass_preflight(true);
    let app = guarded(layer);
    let preflight: &[(&str, &[u8])] = &[
        ("origin", b"https://app.example"),
        ("access-control-request-method", b"POST"),
    ];
    let log = Log::start();
    for (method, path, headers, outcome) in [
        ("GET", "/public", SHOWN, "public"),
        ("GET", "/health", &[], "public"),
        ("GET", "/optional", &[], "anonymous"),
        ("OPTIONS", "/run", preflight, "preflight"),
    ] {
        send(&app, request(method, path, headers)).await;
        let event = log.only();
        assert_eq!(event.level, Level::TRACE);
        assert_eq!(fields(&event), [("outcome", outcome), ("path", path)]);
    }
}

#[tokio::test]
async fn a_refusal_is_one_event_at_info_and_could_not_check_at_error() {
    let cases = [
        (AuthError::invalid_request("malformed"), Level::INFO),
        (AuthError::invalid_credential("unknown"), Level::INFO),
        (AuthError::expired_credential("exp"), Level::INFO),
        (AuthError::insufficient_scope("admin"), Level::INFO),
        (AuthError::forbidden("inactive"), Level::INFO),
        (AuthError::throttled(Duration::from_secs(1)), Level::INFO),
        (AuthError::unknown_key(Duration::from_secs(1)), Level::INFO),
        (AuthError::unavailable("down"), Level::ERROR),
    ];
    for (error, level) in cases {
        let (code, reason) = (error.code(), error.reason().to_owned());
        let event = refused(error).await;
        assert_eq!(event.level, level, "{code}");
        assert_eq!(event.field("outcome"), Some("refused"));
        assert_eq!(event.field("provider"), Some("sessions"));
        assert_eq!(event.field("code"), Some(code));
        assert_eq!(event.field("reason"), Some(&*reason));
        assert_eq!(event.field("path"), Some("/run"));
        assert_eq!(event.field("error").is_some(), level == Level::ERROR);
        assert_eq!(
            event.field("scopes"),
            (code == "insufficient_scope").then_some("admin")
        );
        let further = usize::from(level == Level::ERROR || code == "insufficient_scope");
        assert_eq!(event.fields.len(), 5 + further);
    }
}

#[tokio::test]
async fn nothing_shown_and_a_request_fault_are_one_event_each() {
    let app = guarded(AuthLayer::new(keys()));
    let log = Log::start();
    let doubled: &[(&str, &[u8])] = &[("x-api-key", b"a"), ("x-api-key", b"a")];
    for (headers, code, reason) in [
        (&[][..], "missing_credential", "missing_credential"),
        (doubled, "invalid_request", "credential_shown_twice"),
    ] {
        run(&app, headers).await;
        let event = log.only();
        assert_eq!(event.level, Level::INFO);
        assert_eq!(event.field("code"), Some(code));
        assert_eq!(event.field("reason"), Some(reason));
        assert_eq!(event.field("provider"), Some(""));
    }
}

#[tokio::test]
async fn each_refusal_of_a_key_has_a_reason_of_its_own() {
    let past = std::time::UNIX_EPOCH;
    let keys = ApiKeyAuth::new([
        ApiKeyRecord::new("a", "revoked")
            .unwrap()
            .with_revoked(true),
        ApiKeyRecord::new("b", "expired")
            .unwrap()
            .with_expires_at(past),
    ])
    .unwrap();
    let app = guarded(AuthLayer::new(keys));
    let log = Log::start();
    for key in ["unknown", "revoked", "expired"] {
        run(&app, &[("x-api-key", key.as_bytes())]).await;
        let event = log.only();
        assert_eq!(event.field("reason"), Some(&*format!("api_key_{key}")));
        assert_eq!(event.field("code"), Some("invalid_credential"));
        assert_eq!(event.field("provider"), Some("api_key"));
    }
}

#[tokio::test]
async fn a_pending_decision_is_one_event_too() {
    let sessions = async_provider_fn(async |request: AuthRequestBuf| {
        tokio::task::yield_now().await;
        match request.header("x-session") {
            Some("good") => Ok(Some(AuthContext::new("eve"))),
            Some(_) => Err(AuthError::invalid_credential("unknown_session")),
            None => Ok(None),
        }
    })
    .with_name("sessions");
    let chain = CompositeAuth::new(sessions).or(keys());
    let app = guarded(AuthLayer::new(chain));
    let log = Log::start();
    for (headers, outcome, provider) in [
        (&[("x-session", &b"good"[..])][..], "accepted", "sessions"),
        (&[("x-session", b"bad")], "refused", "sessions"),
        (SHOWN, "accepted", "api_key"),
        (&[], "refused", ""),
    ] {
        run(&app, headers).await;
        let event = log.only();
        assert_eq!(event.field("outcome"), Some(outcome));
        assert_eq!(event.field("provider"), Some(provider));
    }
}

#[tokio::test]
async fn the_cause_of_an_outage_is_logged_all_the_way_down() {
    #[derive(Debug)]
    struct Outer(io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("session store\nforged=line")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let cause = Outer(io::Error::other("connection refused\u{1b}[31m"));
    let event = refused(AuthError::unavailable(cause)).await;
    let shown = event.field("error").unwrap();
    assert_eq!(
        shown,
        r"session store\nforged=line: connection refused\u{1b}[31m"
    );
}

#[tokio::test]
async fn control_characters_are_escaped() {
    for (text, shown) in [
        ("a\r\nERROR forged", r"a\r\nERROR forged"),
        ("\u{1b}[2Jgone", r"\u{1b}[2Jgone"),
        ("a\0b\u{7f}", r"a\0b\u{7f}"),
        ("\u{202e}live\u{2066}", r"\u{202e}live\u{2066}"),
        ("line\u{2028}line\u{85}", r"line\u{2028}line\u{85}"),
        ("plain é 鍵", "plain é 鍵"),
    ] {
        let reason = AuthError::invalid_credential(text.to_owned());
        assert_eq!(refused(reason).await.field("reason"), Some(shown));
        assert_eq!(accepted(text).await.field("user_id"), Some(shown));
    }
}

#[tokio::test]
async fn a_long_text_is_cut_at_64_characters() {
    for char in ["x", "é", "🔑"] {
        let fits = char.repeat(64);
        let event = accepted(&fits).await;
        assert_eq!(event.field("user_id"), Some(&*fits));
        let cut = format!("{fits}…");
        let event = accepted(&char.repeat(65)).await;
        assert_eq!(event.field("user_id"), Some(&*cut));
        let event = refused(AuthError::invalid_credential(char.repeat(100_000))).await;
        assert_eq!(event.field("reason"), Some(&*cut));
    }
}

#[tokio::test]
async fn names_the_routes_template_and_never_the_path() {
    let app = Router::new()
        .route("/hooks/{secret}", axum::routing::any(witness))
        .fallback(witness)
        .layer(AuthLayer::new(keys()).public("/open/{x}"));
    let log = Log::start();
    for (uri, path) in [
        ("/hooks/c4nary?key=c4nary", Some("/hooks/{secret}")),
        ("/c4nary", None),
        ("/open/c4nary", None),
    ] {
        for headers in [&[][..], SHOWN] {
            send(&app, request("GET", uri, headers)).await;
            assert_eq!(log.only().field("path"), path, "{uri}");
        }
    }
    assert!(!log.text().contains("c4nary"));
}

#[tokio::test]
async fn a_further_check_that_refuses_is_the_one_event() {
    let provider = keys().and_then(async |_, _| Err(AuthError::forbidden("second_factor")));
    let app = guarded(AuthLayer::new(provider));
    let log = Log::start();
    run(&app, SHOWN).await;
    let event = log.only();
    assert_eq!(event.field("outcome"), Some("refused"));
    assert_eq!(event.field("reason"), Some("second_factor"));
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new("ada", "sk-live-9f").unwrap()]).unwrap()
}

/// The event of a refusal with that error.
async fn refused(error: AuthError) -> Event {
    let provider = provider_fn(move |_: &AuthRequest<'_>| Err(error.clone())).with_name("sessions");
    let app = guarded(AuthLayer::new(provider));
    let log = Log::start();
    run(&app, &[]).await;
    log.only()
}

/// The event of accepting somebody of that name.
async fn accepted(user_id: &str) -> Event {
    let context = AuthContext::new(user_id);
    let provider = provider_fn(move |_: &AuthRequest<'_>| Ok(Some(context.clone())));
    let app = guarded(AuthLayer::new(provider));
    let log = Log::start();
    run(&app, &[]).await;
    log.only()
}

fn fields(event: &Event) -> Vec<(&str, &str)> {
    let fields = event.fields.iter();
    fields.map(|(name, value)| (*name, &**value)).collect()
}
