//! Claims that a handler cannot do without.

use axum::{Router, routing::get as on_get};
use serde_json::json;
use tower_auth::{AuthContext, AuthError};

use crate::authorize::{
    apps::{ada, get, signed_in},
    common::log::Log,
};

async fn tenant(caller: AuthContext) -> Result<String, AuthError> {
    caller.require_claim("tenant")
}

async fn nested(caller: AuthContext) -> Result<String, AuthError> {
    caller.require_claim_at("org.tenant")
}

fn app(caller: &AuthContext) -> Router {
    Router::new()
        .route("/tenant", on_get(tenant))
        .route("/nested", on_get(nested))
        .layer(signed_in(caller))
}

#[tokio::test]
async fn a_claim_that_is_there_is_handed_out_in_its_type() {
    let caller = ada(&[])
        .with_claim("tenant", "acme")
        .with_claim("org", json!({"tenant": "wile"}));
    for (path, value) in [("/tenant", "acme"), ("/nested", "wile")] {
        let answer = get(&app(&caller), path).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.body),
            (200, value.as_bytes())
        );
    }
    let number = AuthContext::new("ada").with_claim("level", 7);
    assert_eq!(number.require_claim::<u8>("level").unwrap(), 7);
}

#[tokio::test]
async fn a_caller_without_the_claim_or_with_another_type_is_forbidden() {
    for caller in [
        ada(&[]),
        ada(&[])
            .with_claim("tenant", json!(null))
            .with_claim("org", json!({})),
        ada(&[])
            .with_claim("tenant", 7)
            .with_claim("org", json!({"tenant": ["acme"]})),
        ada(&[])
            .with_claim("tenants", "acme")
            .with_claim("org", "acme"),
    ] {
        for path in ["/tenant", "/nested"] {
            let answer = get(&app(&caller), path).await;
            answer.refused_with(403, "forbidden");
            assert!(!String::from_utf8_lossy(&answer.body).contains("tenant"));
        }
    }
}

#[test]
fn the_log_names_the_claim_and_tells_absent_from_mistyped() {
    let log = Log::start();
    let caller = AuthContext::new("ada").with_claim("role", 7);
    for (name, reason) in [
        ("tenant", "claim_missing: tenant"),
        ("role", "claim_of_another_type: role"),
        ("a\nb", "claim_missing: a\\nb"),
    ] {
        caller.require_claim::<String>(name).unwrap_err();
        let event = log.only();
        assert_eq!(event.field("reason"), Some(reason));
        assert_eq!(event.field("user_id"), Some("ada"));
        assert_eq!(event.field("outcome"), Some("refused"));
    }
}

#[test]
fn a_claim_that_is_there_is_no_event() {
    let log = Log::start();
    let caller = AuthContext::new("ada").with_claim("tenant", "acme");
    caller.require_claim::<String>("tenant").unwrap();
    assert!(log.events().is_empty());
}
