//! What is recorded.

use metrics::set_default_local_recorder;
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer,
    authorize::RequireScopes,
    provider::{ApiKeyAuth, JwtAuth, async_provider_fn},
    throttle::{Limit, Requests},
};

use super::{recorder, value};
use crate::common::oneshot::{app, ask};

const KEY: &str = "sk-live-9f03a51d8c70";

fn keys() -> AuthLayer {
    AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap())
}

#[tokio::test]
async fn counts_each_decision_by_outcome_provider_and_code() {
    let recorder = recorder();
    let _local = set_default_local_recorder(&recorder);
    let app = app(["/run", "/open"], keys().public("/open"));
    for _ in 0..3 {
        ask(&app, "GET /run", &[("x-api-key", KEY)]).await;
        ask(&app, "GET /run", &[]).await;
        ask(&app, "GET /run", &[("x-api-key", "sk-wrong-wrong-wrong")]).await;
        ask(&app, "GET /open", &[]).await;
    }
    for labels in [
        r#"outcome="accepted",provider="api_key",code="none""#,
        r#"outcome="refused",provider="none",code="missing_credential""#,
        r#"outcome="refused",provider="api_key",code="invalid_credential""#,
        r#"outcome="public",provider="none",code="none""#,
    ] {
        let series = format!("tower_auth_decisions_total{{{labels}}}");
        assert_eq!(value(&recorder, &series), 3.0, "{series}");
    }
}

#[tokio::test]
async fn counts_from_the_moment_at_which_a_recorder_is_there() {
    let app = app(["/run"], keys());
    ask(&app, "GET /run", &[]).await;
    let (first, second) = (recorder(), recorder());
    let refused = r#"tower_auth_decisions_total{outcome="refused",provider="none",code="missing_credential"}"#;
    for recorder in [&first, &second, &first] {
        let _local = set_default_local_recorder(recorder);
        ask(&app, "GET /run", &[]).await;
    }
    ask(&app, "GET /run", &[]).await;
    assert_eq!(value(&first, refused), 2.0);
    assert_eq!(value(&second, refused), 1.0);
}

#[tokio::test]
async fn counts_remembered_tokens_limits_and_permissions() {
    let recorder = recorder();
    let _local = set_default_local_recorder(&recorder);
    let tokens = JwtAuth::hs256("an example secret of 32 bytes …").unwrap();
    let limits = Requests::new([Limit::of_all("3 per hour".parse().unwrap())]).unwrap();
    let layer = AuthLayer::new(tokens).throttle_requests(limits);
    let route = axum::routing::any(|| async {}).layer(RequireScopes::all(["a"]).unwrap());
    let app = axum::Router::new().route("/run", route).layer(layer);
    let claims = serde_json::json!({"sub": "ada", "exp": 4_102_444_800_u64});
    let key = jsonwebtoken::EncodingKey::from_secret("an example secret of 32 bytes …".as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    let shown = format!("Bearer {token}");
    for _ in 0..5 {
        ask(&app, "GET /run", &[("authorization", &shown)]).await;
    }
    let remembered = r#"tower_auth_remembered_total{provider="jwt"}"#;
    assert_eq!(value(&recorder, remembered), 4.0);
    assert_eq!(value(&recorder, "tower_auth_throttled_total"), 2.0);
    let denied = r#"tower_auth_decisions_total{outcome="refused",provider="scopes",code="insufficient_scope"}"#;
    assert_eq!(value(&recorder, denied), 3.0);
}

#[tokio::test]
async fn measures_every_wait_and_one_in_sixteen_decisions_at_once() {
    let recorder = recorder();
    let _local = set_default_local_recorder(&recorder);
    let waits = async_provider_fn(async |_| {
        tokio::task::yield_now().await;
        Ok::<_, AuthError>(Some(AuthContext::new("ada")))
    });
    let layer = keys().access("/waits", Access::provider(waits.with_credentials([])));
    let app = app(["/run", "/waits"], layer);
    // That there is a recorder is known once something was counted.
    ask(&app, "GET /run", &[]).await;
    for _ in 0..160 {
        ask(&app, "GET /run", &[]).await;
    }
    for _ in 0..5 {
        ask(&app, "GET /waits", &[]).await;
    }
    let count =
        |waited| format!("tower_auth_decision_duration_seconds_count{{waited=\"{waited}\"}}");
    assert_eq!(value(&recorder, &count("yes")), 5.0);
    let at_once = value(&recorder, &count("no"));
    assert!((10.0..=11.0).contains(&at_once), "{at_once}");
}
