//! Secrets are compared in one place, in constant time.

use std::{fs, path::Path};

/// Every file of the crate, with its path.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
}

fn naming(word: &str) -> Vec<String> {
    let mut all = Vec::new();
    sources(Path::new("src"), &mut all);
    assert!(all.len() > 100, "{}", all.len());
    let with_it = all.into_iter().filter(|(_, text)| text.contains(word));
    with_it.map(|(path, _)| path).collect()
}

#[test]
fn one_function_compares_secrets_and_it_is_the_only_one() {
    for word in ["subtle", "ct_eq", "ConstantTimeEq"] {
        assert_eq!(naming(word), ["src/secret.rs"], "{word}");
    }
    // What would compare elsewhere, in constant time or not.
    for word in ["hmac::verify", "constant_time", "verify_slices_are_equal"] {
        assert_eq!(naming(word), [""; 0], "{word}");
    }
    let used = naming("secret::equal(");
    for user in [
        "src/jose/key/mod.rs",
        "src/provider/api_key/table.rs",
        "src/webhook/handshake.rs",
        "src/webhook/scheme/twilio.rs",
        "src/webhook/verify.rs",
    ] {
        assert!(used.iter().any(|path| path == user), "{user}: {used:?}");
    }
}
