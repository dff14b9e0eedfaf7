//! The operations.

use serde_json::{Map, Value, json};

use super::{
    TAG,
    parts::{
        Part, after, before, body, deleted, idempotency_key, if_match, key_id, limit, listed, made,
        problem, shown,
    },
};
use crate::key_api::administrator::{Import, Needs, Read, ReadAll, Write};

fn all() -> Vec<Operation> {
    vec![
        Operation {
            path: "",
            method: "get",
            id: "listKeys",
            summary: "List keys",
            description: "Those that the caller may see, the oldest first: with keys:admin all keys, \
                          else those that stand for the caller.",
            scopes: Read::SCOPES,
            parts: vec![after(), limit(), listed("KeyPage")],
        },
        Operation {
            path: "",
            method: "post",
            id: "createKey",
            summary: "Make a key",
            description: "The answer shows the key, once.",
            scopes: Write::SCOPES,
            parts: [
                vec![
                    idempotency_key(),
                    made("MadeKey", "The key is made. It is shown here, and never again."),
                    shown("A request with this Idempotency-Key made the key before: this is its record."),
                    conflict(),
                ],
                with_body(
                    "CreateKey",
                    json!({"name": "billing robot", "scopes": ["invoices:read"], "expires_in": "90d"}),
                ),
            ]
            .concat(),
        },
        Operation {
            path: "/import",
            method: "post",
            id: "importKey",
            summary: "Make a key of a digest",
            description: "For a key that exists already: only its SHA-256 is sent, never the key.",
            scopes: Import::SCOPES,
            parts: [
                vec![
                    idempotency_key(),
                    made("Key", "The key is accepted."),
                    shown("A request with this Idempotency-Key imported it before: this is its record."),
                    conflict(),
                ],
                with_body(
                    "ImportKey",
                    json!({
                        "name": "billing robot",
                        "scopes": ["invoices:read"],
                        "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    }),
                ),
            ]
            .concat(),
        },
        Operation {
            path: "/audit",
            method: "get",
            id: "listChanges",
            summary: "List the changes of all keys",
            description: "The newest first.",
            scopes: ReadAll::SCOPES,
            parts: vec![before(), limit(), listed("AuditPage")],
        },
        Operation {
            path: "/{key_id}",
            method: "get",
            id: "showKey",
            summary: "Show a key's record",
            description: "Never the key itself.",
            scopes: Read::SCOPES,
            parts: [on_key(), vec![shown("The record.")]].concat(),
        },
        Operation {
            path: "/{key_id}",
            method: "patch",
            id: "updateKey",
            summary: "Change a key",
            description: "A member that is not there stays. null removes tenant, limit or expires_at.",
            scopes: Write::SCOPES,
            parts: [
                changing_key(),
                vec![shown("The changed key.")],
                with_body("UpdateKey", json!({"scopes": ["invoices:read", "invoices:write"]})),
            ]
            .concat(),
        },
        Operation {
            path: "/{key_id}",
            method: "delete",
            id: "deleteKey",
            summary: "Delete a key",
            description: "Its audit records stay.",
            scopes: Write::SCOPES,
            parts: [changing_key(), vec![deleted()]].concat(),
        },
        Operation {
            path: "/{key_id}/rotate",
            method: "post",
            id: "rotateKey",
            summary: "Give a key a successor",
            description: "The successor has the caller, scopes, limit and credits of the old key, which \
                          works for the overlap.",
            scopes: Write::SCOPES,
            parts: [
                changing_key(),
                vec![made("RotatedKey", "The successor. It is shown here, and never again.")],
                with_body("RotateKey", json!({"overlap": "24h"})),
            ]
            .concat(),
        },
        Operation {
            path: "/{key_id}/revoke",
            method: "post",
            id: "revokeKey",
            summary: "Revoke a key",
            description: "At once in the process that answers, within a second in every other that reaches the store.",
            scopes: Write::SCOPES,
            parts: [
                changing_key(),
                vec![shown("The revoked key.")],
                with_body("RevokeKey", json!({"reason": "it was in a log"})),
            ]
            .concat(),
        },
        Operation {
            path: "/{key_id}/unrevoke",
            method: "post",
            id: "unrevokeKey",
            summary: "Make a revoked key valid again",
            description: "Only for callers who might make that key.",
            scopes: Write::SCOPES,
            parts: [
                changing_key(),
                vec![shown("The key.")],
                with_body("Nothing", json!({})),
            ]
            .concat(),
        },
        Operation {
            path: "/{key_id}/audit",
            method: "get",
            id: "listChangesOfKey",
            summary: "List the changes of a key",
            description: "The newest first.",
            scopes: Read::SCOPES,
            parts: [on_key(), vec![before(), limit(), listed("AuditPage")]].concat(),
        },
    ]
}

pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) scopes: &'static str,
    pub(super) parts: Vec<Part>,
}

/// The item of each path.
pub(super) fn paths(nested_at: &str, has_header: bool, more: Option<Operation>) -> Value {
    let mut paths = Map::new();
    for operation in all().into_iter().chain(more) {
        let path = match (nested_at, operation.path) {
            ("", "") => "/".to_owned(),
            (nested_at, path) => format!("{nested_at}{path}"),
        };
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(operation.method.into(), operation.to_value(has_header));
        }
    }
    paths.into()
}

impl Operation {
    fn to_value(&self, has_header: bool) -> Value {
        let scopes: Vec<&str> = self.scopes.split(' ').collect();
        let mut security = vec![json!({"bearer": scopes})];
        if has_header {
            security.insert(0, json!({"api_key": scopes}));
        }
        let mut parameters = Vec::new();
        let mut request_body = None;
        let mut responses = Map::new();
        for part in self.parts.iter().cloned().chain(usual()) {
            match part {
                Part::Parameter(parameter) => parameters.push(parameter),
                Part::Body(body) => request_body = Some(body),
                Part::Response(status, response) => {
                    responses.entry(status).or_insert(response);
                }
            }
        }
        let mut operation = json!({
            "tags": [TAG],
            "operationId": self.id,
            "summary": self.summary,
            "description": format!("{} It needs the scopes: {}.", self.description, scopes.join(", ")),
            "security": security,
            "parameters": parameters,
            "responses": responses,
        });
        if let (Some(body), Some(operation)) = (request_body, operation.as_object_mut()) {
            operation.insert("requestBody".into(), body);
        }
        operation
    }
}

/// What every operation may answer.
fn usual() -> Vec<Part> {
    vec![
        problem(
            "400",
            "The request is malformed: detail and errors say what to write.",
        ),
        problem("401", "No credential is shown, or the shown one is wrong."),
        problem(
            "403",
            "The caller lacks a scope, or would give more than they have.",
        ),
        problem(
            "503",
            "The store cannot be asked: try again after Retry-After.",
        ),
    ]
}

pub(super) fn with_body(schema: &str, example: Value) -> Vec<Part> {
    vec![
        body(schema, example),
        problem("408", "The body did not come in time."),
        problem("413", "The body is longer than 64 KiB."),
        problem("415", "The body is not sent as application/json."),
    ]
}

/// What operations on one key have.
fn on_key() -> Vec<Part> {
    vec![key_id(), not_found()]
}

/// What changes of one key have.
fn changing_key() -> Vec<Part> {
    let stale = problem("412", "The key is not as If-Match names it.");
    [on_key(), vec![if_match(), conflict(), stale]].concat()
}

pub(super) fn conflict() -> Part {
    problem(
        "409",
        "The state of the store or of the key does not allow it: detail says why.",
    )
}

fn not_found() -> Part {
    problem("404", "No key has the id, or none that the caller may see.")
}
