//! The JSON Schema of the file, from the types that read it.

use serde_json::{Map, Value, json};

use super::{
    read::Read,
    shape::{agent, gateway::Gateway},
};

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

type Described<'a> = (&'static str, bool, &'a [&'static str], Value);

/// The schema of a block.
pub(super) fn block(about: &[&str], members: Vec<Described<'_>>) -> Value {
    let required: Vec<&str> = members
        .iter()
        .filter(|(_, is_required, ..)| *is_required)
        .map(|(name, ..)| *name)
        .collect();
    let mut properties = Map::new();
    for (name, _, about, mut schema) in members {
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".into(), joined(about).into());
        }
        properties.insert(name.into(), schema);
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
