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
        description: "One token (jti and issuer), or everything that was issued before an instant, managed \
                      keys included: of a user (user_id and issuer), whatever provider accepts it, or of one \
                      principal. The issuer is the one of the server's configuration, or else the source of \
                      the provider; left out where it has neither. Without keys:admin, the token of the \
                      request, or the caller's own principal in their own tenant.",
        scopes: Write::SCOPES,
        parts: [
            vec![
                done(
                    "Revoked",
                    "They are revoked here, and elsewhere within a second.",
                ),
                conflict(),
            ],
            with_body(
                "Revoke",
                json!({
                    "user_id": "42",
                    "issuer": "https://login.example",
                    "reason": "lost laptop",
                }),
            ),
        ]
        .concat(),
    }
}
