//! What the compiler says to a newcomer's first mistakes, in a crate of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn compiler_says_what_to_write_instead_of_a_first_mistake() {
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crates/compiler-messages/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--test", "messages", "--manifest-path"])
        .arg(manifest)
        // The programs are compiled there too.
        .env("CARGO_TARGET_DIR", target_dir())
        .env("TRYBUILD", "overwrite")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// This test is `<target>/debug/deps/it-…`; what it compiles needs a folder beside, since cargo locks
/// the one that this test was built in.
fn target_dir() -> PathBuf {
    let this = env::current_exe().unwrap();
    this.ancestors().nth(3).unwrap().join("compiler-messages")
}
