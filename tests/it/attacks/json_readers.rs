//! Where `serde_json` reads what a stranger sent: nowhere but in the places that are listed.

use std::{fs, path::Path};

/// What a stranger sent becomes a `serde_json::Value`, or a type that holds one, in no other place
/// than the crate's own reader: whoever adds one is asked here to use that.
#[test]
fn serde_json_parses_in_no_place_that_is_not_known() {
    let known: &[(&str, &str)] = &[
        // The text of each value as it stands, and strings.
        ("src/config/source/json.rs", "RawValue"),
        ("src/config/source/json.rs", "serde_json::from_str"),
        ("src/config/source/json.rs", "serde_json::Deserializer"),
        // What an administrator sends: each member once, and no private name in what is kept.
        ("src/key_api/body.rs", "serde_json::from_slice"),
        // A claim, without the private names.
        ("src/context/metadata.rs", "T::deserialize("),
    ];
    let mut found = Vec::new();
    sources(Path::new("src"), &mut |path, text| {
        let code = text.lines().map(str::trim_start);
        let code = code.filter(|line| !line.starts_with("///") && !line.starts_with("//!"));
        let code: Vec<&str> = code.collect();
        for word in [
            "serde_json::from_",
            "serde_json::Deserializer",
            "serde_json::de",
            "StreamDeserializer",
            "from_value(",
            "from_slice::<",
            "from_str::<",
            "from_reader",
            "RawValue",
            "T::deserialize(",
            "Value::deserialize",
            "axum::Json",
            "Json(",
        ] {
            let uses = code.iter().filter(|line| line.contains(word)).count();
            let is_known = known
                .iter()
                .any(|(place, known)| *place == path && known.starts_with(word));
            if uses > 0 && !is_known {
                found.push(format!("{path}: {word}"));
            }
        }
    });
    assert_eq!(found, [""; 0], "read it with `jose::json` instead");
}

fn sources(folder: &Path, each: &mut impl FnMut(&str, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, each);
        } else if !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            each(path.to_str().unwrap(), &text);
        }
    }
}
