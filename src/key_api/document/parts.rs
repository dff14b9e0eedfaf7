//! The parts of operations: parameters, bodies, responses.

use serde_json::{Value, json};

/// A part of an operation.
#[derive(Clone)]
pub(super) enum Part {
    Parameter(Value),
    Body(Value),
    /// A response, by its status.
    Response(&'static str, Value),
}

pub(super) fn key_id() -> Part {
    Part::Parameter(json!({
        "name": "key_id",
        "in": "path",
        "required": true,
        "description": "The id of the key.",
        "schema": reference("KeyId"),
    }))
}

pub(super) fn after() -> Part {
    query("after", "The next of the page before.", reference("KeyId"))
}

pub(super) fn before() -> Part {
    let schema = json!({"type": "integer", "minimum": 0});
    query("before", "The next of the page before.", schema)
}

pub(super) fn limit() -> Part {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100});
    query("limit", "The number of items of a page.", schema)
}

fn query(name: &str, description: &str, schema: Value) -> Part {
    Part::Parameter(json!({
        "name": name, "in": "query", "required": false, "description": description, "schema": schema,
    }))
}

pub(super) fn idempotency_key() -> Part {
    let description =
        "A text of the caller's own, such as a UUID: a repeated request makes no second key.";
    let schema = json!({"type": "string", "maxLength": 130});
    header_parameter("Idempotency-Key", description, schema)
}

pub(super) fn if_match() -> Part {
    let description = "The ETag of the key: where it was changed since, nothing is changed.";
    header_parameter("If-Match", description, json!({"type": "string"}))
}

fn header_parameter(name: &str, description: &str, schema: Value) -> Part {
    Part::Parameter(json!({
        "name": name, "in": "header", "required": false, "description": description, "schema": schema,
    }))
}

pub(super) fn body(schema: &str, example: Value) -> Part {
    Part::Body(json!({
        "required": true,
        "content": {"application/json": {"schema": reference(schema), "example": example}},
    }))
}

/// 201 with a new key.
pub(super) fn made(schema: &str, description: &str) -> Part {
    let headers = json!({
        "Location": header("The address of the key."),
        "ETag": header("The last change of the key."),
    });
    Part::Response("201", response(description, schema, headers))
}

/// 200 with a key.
pub(super) fn shown(description: &str) -> Part {
    let headers = json!({"ETag": header("The last change of the key.")});
    Part::Response("200", response(description, "Key", headers))
}

/// 200 with a page of a list.
pub(super) fn listed(schema: &str) -> Part {
    let headers = json!({"Link": header("The next page, where there is one.")});
    Part::Response("200", response("A page.", schema, headers))
}

/// 200 with what was done.
pub(super) fn done(schema: &str, description: &str) -> Part {
    Part::Response("200", response(description, schema, json!({})))
}

/// 204.
pub(super) fn deleted() -> Part {
    Part::Response("204", json!({"description": "The key is deleted."}))
}

pub(super) fn problem(status: &'static str, description: &str) -> Part {
    let mut headers = json!({});
    if let Some(headers) = headers.as_object_mut() {
        let named = match status {
            "401" => Some(("WWW-Authenticate", "What to show.")),
            "503" => Some(("Retry-After", "Seconds to wait.")),
            _ => None,
        };
        headers.extend(named.map(|(name, description)| (name.into(), header(description))));
    }
    let content = json!({"application/problem+json": {"schema": reference("Problem")}});
    let response = json!({"description": description, "headers": headers, "content": content});
    Part::Response(status, response)
}

fn response(description: &str, schema: &str, headers: Value) -> Value {
    let content = json!({"application/json": {"schema": reference(schema)}});
    json!({"description": description, "headers": headers, "content": content})
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}
