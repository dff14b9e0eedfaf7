//! Values against the schemas of the OpenAPI document.

use serde_json::{Value, json};

/// Panics where a value is not as a schema of the document describes it.
#[track_caller]
pub fn conforms(document: &Value, schema: &Value, value: &Value, what: &str) {
    if let Err(place) = judge(document, schema, value) {
        panic!("{what}: {place} is not as described: {value}");
    }
}

/// As far as these schemas go; a validator that others wrote judges them too, among the live tests.
fn judge(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document
            .pointer(&reference[1..])
            .expect("the reference leads somewhere");
        return judge(document, target, value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices
            .iter()
            .filter(|choice| judge(document, choice, value).is_ok());
        return if fitting.count() == 1 {
            Ok(())
        } else {
            Err("the choice".into())
        };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_of_kind = match &schema["type"] {
        Value::Array(kinds) => kinds.contains(&json!(kind)),
        wanted => *wanted == kind,
    };
    if !is_of_kind {
        return Err(kind.into());
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        return Err("the value".into());
    }
    match value {
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| judge(document, &schema["items"], item)),
        Value::Object(members) => {
            let described = schema["properties"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            for required in schema["required"].as_array().unwrap_or(&vec![]) {
                let name = required.as_str().unwrap();
                members
                    .get(name)
                    .ok_or_else(|| format!("{name} is missing"))?;
            }
            members
                .iter()
                .try_for_each(|(name, member)| match described.get(name) {
                    Some(schema) => {
                        judge(document, schema, member).map_err(|place| format!("{name}.{place}"))
                    }
                    None if schema["additionalProperties"] == true => Ok(()),
                    None => Err(format!("{name}, which it does not have")),
                })
        }
        _ => Ok(()),
    }
}
