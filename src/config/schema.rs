//! The JSON Schema of the file, from the types that read it.

use serde_json::{Map, Value, json};

use super::{assemble::Gateway, read::Read, shape::agent};

/// The schema of both shapes.
pub(super) fn document() -> Value {
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

/// A member of a block, as messages and the schema tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    /// The lines of its comment.
    pub(super) about: &'static [&'static str],
    pub(super) schema: fn() -> Value,
}

/// The schema of a block.
pub(super) fn block(about: &[&str], members: &[Described]) -> Value {
    let required = members.iter().filter(|member| member.is_required);
    let required: Vec<&str> = required.map(|member| member.name).collect();
    let mut properties = Map::new();
    for member in members {
        let mut schema = (member.schema)();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".into(), joined(member.about).into());
        }
        properties.insert(member.name.into(), schema);
    }
    let mut block = json!({
        "description": joined(about),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let (false, Some(block)) = (required.is_empty(), block.as_object_mut()) {
        block.insert("required".into(), required.into());
    }
    block
}

/// A comment's lines as one text.
fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}
