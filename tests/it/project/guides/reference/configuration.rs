//! The members of a configuration file, from the schema.

use std::fmt::Write;

use serde_json::{Map, Value};
use tower_auth::config::AuthConfig;

use super::cell;

const HEAD: &str = "\
# Configuration: every member

<!-- Made from the code: `REWRITE=1 cargo test --all-features --test it project::guides` writes it anew. -->

What a file may say, block by block. The words about each block and how they go together are in
[`tower_auth::config`](https://docs.rs/tower-auth/latest/tower_auth/config/index.html); editors read
[the schema](../../schema/tower-auth.schema.json). `[]` stands for the items of a list. Any text may hold `${NAME}`,
`${NAME:-otherwise}` and `${file:PATH}`.
";

pub(super) fn page() -> String {
    let schema = AuthConfig::json_schema();
    let mut page = HEAD.to_owned();
    for (name, member) in schema["properties"].as_object().unwrap() {
        match block(member) {
            Some((block, _)) => section(name, block, &mut page),
            None => writeln!(page, "\n## `{name}`\n\n{}", about(member)).unwrap(),
        }
    }
    page
}

/// A block with its members, and behind it the blocks in it.
fn section(path: &str, block: &Map<String, Value>, page: &mut String) {
    writeln!(page, "\n## `{path}`\n").unwrap();
    if let Some(about) = block.get("description").and_then(Value::as_str) {
        writeln!(page, "{about}\n").unwrap();
    }
    writeln!(page, "| member | holds | |\n|---|---|---|").unwrap();
    let required: Vec<&str> = block
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let members = block["properties"].as_object().unwrap();
    for (name, member) in members {
        let needed = if required.contains(&&**name) {
            " (required)"
        } else {
            ""
        };
        let (kind, about) = (kind(member), about(member));
        writeln!(
            page,
            "| `{name}`{needed} | {} | {} |",
            cell(&kind),
            cell(&about)
        )
        .unwrap();
    }
    for (name, member) in members {
        if let Some((block, is_list)) = self::block(member) {
            let list = if is_list { "[]" } else { "" };
            section(&format!("{path}.{name}{list}"), block, page);
        }
    }
}

/// The block that a member holds, itself or in a list.
fn block(schema: &Value) -> Option<(&Map<String, Value>, bool)> {
    if let Some(object) = schema.as_object()
        && object.contains_key("properties")
    {
        return Some((object, false));
    }
    if let Some(items) = schema.get("items") {
        return block(items).map(|(block, _)| (block, true));
    }
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    alternatives?.iter().find_map(block)
}

/// What a member holds, in a few words.
fn kind(schema: &Value) -> String {
    let mut kinds: Vec<String> = Vec::new();
    add_kinds(schema, &mut kinds);
    kinds.dedup();
    kinds.join(" or ")
}

fn add_kinds(schema: &Value, kinds: &mut Vec<String>) {
    let mut add = |kind: String| {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values = values.iter().filter_map(Value::as_str);
        let values = values.map(|value| format!("`{value}`"));
        return add(values.collect::<Vec<_>>().join(", "));
    }
    if schema.get("properties").is_some() {
        return add("a block".into());
    }
    if let Some(items) = schema.get("items") {
        let of = kind(items);
        return add(match &*of {
            "a block" => "a list of blocks".into(),
            of => format!("a list: {of}"),
        });
    }
    if let Some(constant) = schema.get("const") {
        return add(format!("`{constant}`"));
    }
    let alternatives = schema.get("anyOf").or_else(|| schema.get("oneOf"));
    if let Some(alternatives) = alternatives.and_then(Value::as_array) {
        // A variable may stand wherever something else does.
        let is_variable = |one: &&Value| one.get("pattern").is_some();
        for one in alternatives.iter().filter(|one| !is_variable(one)) {
            add_kinds(one, kinds);
        }
        if !kinds.is_empty() {
            return;
        }
    }
    let mut add = |kind: &str| {
        if !kinds.iter().any(|known| known == kind) {
            kinds.push(kind.to_owned());
        }
    };
    if schema.get("format").and_then(Value::as_str) == Some("date-time") {
        return add("a time");
    }
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![&**one],
        _ => vec![],
    };
    for one in types {
        add(match one {
            "string" => "a text",
            "integer" | "number" => "a number",
            "boolean" => "true or false",
            "object" => "a block of your own",
            "null" => "nothing",
            other => other,
        });
    }
}

fn about(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}
