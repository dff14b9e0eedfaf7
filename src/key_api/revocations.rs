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

/// A token (`issuer`, `jti`), a user (`issuer`, `user_id`), or a `principal`.
fn revocation(mut body: Members) -> Result<Revocation, Refusal> {
    let issuer = body.written_text("issuer");
    let jti = body.written_text("jti");
    let method = body.written_text("method");
    let user_id = body.written_text("user_id");
    let principal = body.principal("principal");
    let tenant = body.removable_text("tenant");
    let before = body.time("before");
    let expires_at = body.time("expires_at");
    let reason = body.text("reason").unwrap_or_default();
    let revocation = match (jti, user_id, principal) {
        (Some(jti), None, None) => {
            if tenant.is_some() {
                body.fault("tenant", "is beside jti: leave it out");
            }
            if before.is_some() {
                body.fault("before", "is beside jti: leave it out");
            }
            let token = Revocation::token(issuer.unwrap_or_default(), jti);
            Some(match method {
                Some(method) => token.of_method(method),
                None => token,
            })
        }
        (None, user_id, principal) if user_id.is_some() != principal.is_some() => {
            if method.is_some() {
                body.fault("method", "is not beside jti: leave it out");
            }
            let revocation = match (user_id, principal) {
                (Some(user), _) => Some(Revocation::user(issuer.unwrap_or_default(), user)),
                (None, principal) => {
                    if issuer.is_some() {
                        body.fault(
                            "issuer",
                            "is beside principal, which has its own: leave it out",
                        );
                    }
                    principal.map(Revocation::principal)
                }
            };
            revocation.map(|mut revocation| {
                if let Some(tenant) = tenant {
                    revocation = revocation.in_tenant(tenant.as_deref());
                }
                if let Some(before) = before {
                    revocation = revocation.before(before);
                }
                revocation
            })
        }
        (None, None, None) => {
            body.fault(
                "jti",
                "is missing, and so are user_id and principal: write one of them",
            );
            None
        }
        (_, _, principal) => {
            let second = match principal {
                Some(_) => "principal",
                None => "user_id",
            };
            body.fault(
                second,
                "is not alone: write one of jti, user_id and principal",
            );
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
