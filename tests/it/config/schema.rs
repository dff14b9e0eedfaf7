//! The JSON Schema in the repository is the one that the code reads by.

use std::{env, fs};

use serde_json::Value;
use tower_auth::config::AuthConfig;

const FILE: &str = "schema/tower-auth.schema.json";

#[test]
fn schema_in_the_repository_is_the_one_of_the_code() {
    let now = format!("{:#}\n", AuthConfig::json_schema());
    if env::var_os("REWRITE").is_some() {
        fs::write(FILE, &now).unwrap();
    }
    let kept = fs::read_to_string(FILE).unwrap();
    assert!(
        kept == now,
        "the schema has changed: REWRITE=1 writes {FILE} anew"
    );
}

#[test]
fn every_member_is_described_and_closed() {
    let schema = AuthConfig::json_schema();
    let mut blocks = 0;
    walk(&schema["properties"]["auth"], &mut |node| {
        // The metadata of a key may be anything, and the names of tools are the server's own.
        let is_free =
            node["additionalProperties"] == true || node["additionalProperties"].is_object();
        if node["type"] == "object" && !is_free {
            blocks += 1;
            assert_eq!(node["additionalProperties"], false, "{node}");
            for (name, member) in node["properties"].as_object().unwrap() {
                let about = member["description"].as_str().unwrap_or_default();
                assert!(about.len() > 8, "{name}: {member}");
            }
        }
    });
    assert_eq!(blocks, 38);
}

#[test]
fn member_of_every_block_that_the_schema_has_is_read() {
    let schema = AuthConfig::json_schema();
    let gateway = &schema["properties"]["auth"]["anyOf"][0]["properties"];
    for name in gateway.as_object().unwrap().keys() {
        // Null is a fault of the member, and not one of a name that nobody knows.
        let told = super::files::faults(super::files::yaml(&format!("auth: {{{name}: null}}")));
        assert_eq!(told.faults()[0].path(), format!("auth.{name}"));
        assert!(
            told.faults()[0]
                .message()
                .starts_with("nothing stands here"),
            "{told}"
        );
    }
}

fn walk(node: &Value, visit: &mut impl FnMut(&Value)) {
    visit(node);
    match node {
        Value::Object(members) => members.values().for_each(|child| walk(child, visit)),
        Value::Array(items) => items.iter().for_each(|child| walk(child, visit)),
        _ => {}
    }
}
