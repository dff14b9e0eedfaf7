//! The JSON Schema of the file, from the types that read it.

use serde_json::{Value, json};

use super::{AuthConfig, assemble::Gateway, read::Read, shape::agent};

impl AuthConfig {
    /// The JSON Schema (2020-12) of the document, for editors.
    pub fn json_schema() -> Value {
        document()
    }
}

/// The schema of both shapes.
fn document() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tower-auth",
        "description": "Who may call. Members beside these belong to others and are not read.",
        "type": "object",
        "properties": {
            "auth": {"anyOf": [Gateway::schema(), agent::schema()]},
            "authorization": {
                "description": "The name under which the program registered its authorizer.",
                "type": "string",
                "minLength": 1,
            },
        },
        "required": ["auth"],
    })
}
