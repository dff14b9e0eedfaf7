//! Revoking tokens.

use axum::response::Response;
use serde_json::json;

use super::{
    administrator::{Administrator, Write},
    answer,
    members::Members,
    refusal::Refusal,
};
use crate::{keys::Revocation, revocations::Revocations};

/// `POST /revocations`.
pub(super) async fn revoke(
    revocations: Revocations,
    by: Administrator<Write>,
    body: Members,
) -> Result<Response, Refusal> {
    let revocation = revocation(body)?;
    let revoked = revocations.as_caller(by.caller()).revoke(revocation).await;
    let revoked = by.logged(revoked)?;
    Ok(answer::json(&json!({
        "before": revoked.before().map(|at| at.to_string()),
        "until": revoked.until().to_string(),
        "revoked_keys": revoked.keys(),
    })))
}

/// A token (`issuer`, `jti`), or a `principal`.
fn revocation(mut body: Members) -> Result<Revocation, Refusal> {
    let issuer = body.text("issuer");
    let jti = body.text("jti");
    let principal = body.principal("principal");
    let tenant = body.removable_text("tenant");
    let before = body.time("before");
    let expires_at = body.time("expires_at");
    let reason = body.text("reason").unwrap_or_default();
    let revocation = match (jti, principal) {
        (Some(jti), None) => {
            if tenant.is_some() {
                body.fault("tenant", "is beside jti: leave it out");
            }
            if before.is_some() {
                body.fault("before", "is beside jti: leave it out");
            }
            Some(Revocation::token(issuer.unwrap_or_default(), jti))
        }
        (None, Some(principal)) => {
            if issuer.is_some() {
                body.fault(
                    "issuer",
                    "is beside principal, which has its own: leave it out",
                );
            }
            let mut revocation = Revocation::principal(principal);
            if let Some(tenant) = tenant {
                revocation = revocation.in_tenant(tenant.as_deref());
            }
            if let Some(before) = before {
                revocation = revocation.before(before);
            }
            Some(revocation)
        }
        (Some(_), Some(_)) => {
            body.fault("principal", "is beside jti: write one of them");
            None
        }
        (None, None) => {
            body.fault("jti", "is missing, and so is principal: write one of them");
            None
        }
    };
    let revocation = revocation.map(|revocation| revocation.because(reason));
    let revocation = match expires_at {
        Some(at) => revocation.map(|revocation| revocation.until(at)),
        None => revocation,
    };
    body.finish(revocation)
}
