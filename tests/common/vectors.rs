//! Where the independent test vectors are; they are not part of this repository.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{env, fs, path::PathBuf};

/// The text of a vector file, or nothing, said loudly, where the vectors are absent. On CI their
/// absence is a failure.
///
/// They are looked for in `TOWER_AUTH_VECTORS`, or else in `../shared/vectors` beside the crate.
pub(crate) fn read(path: &str) -> Option<String> {
    let root = env::var_os("TOWER_AUTH_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
        PathBuf::from,
    );
    let file = root.join(path);
    match fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) if env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!(
                "the test vectors are missing on CI: {}: {error}",
                file.display()
            )
        }
        Err(error) => {
            eprintln!(
                "\n!!! SKIPPED: {}: {error}\n!!! set TOWER_AUTH_VECTORS to run this test\n",
                file.display()
            );
            None
        }
    }
}
