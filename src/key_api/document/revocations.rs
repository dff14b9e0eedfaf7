//! The operation that revokes tokens.

use serde_json::json;

use super::{
    operations::{Operation, conflict, with_body},
    parts::done,
};
use crate::key_api::administrator::{Needs, Write};

pub(super) fn operation() -> Operation {
    Operation {
        path: "/revocations",
        method: "post",
        id: "revokeTokens",
        summary: "Revoke tokens",
        description: "One token, or everything of a principal that was issued before an instant, its managed \
                      keys included. Without keys:admin, the token of the request, or the caller's own \
                      principal in their own tenant.",
        scopes: Write::SCOPES,
        parts: [
            vec![done("Revoked", "They are revoked here, and elsewhere within a second."), conflict()],
            with_body(
                "Revoke",
                json!({
                    "principal": {"method": "oauth2", "issuer": "https://login.example", "user_id": "42"},
                    "reason": "lost laptop",
                }),
            ),
        ]
        .concat(),
    }
}
