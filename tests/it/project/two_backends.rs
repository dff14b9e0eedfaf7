//! Two crates of one program may enable different backends of `jsonwebtoken`.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn a_program_with_two_backends_of_jsonwebtoken_runs() {
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crates/two-backends/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--manifest-path"])
        .arg(manifest)
        // What this test's own build has compiled need not be compiled again.
        .arg("--target-dir")
        .arg(target_dir())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "all verified\n");
}

/// This test is `<target>/debug/deps/two_backends-…`.
fn target_dir() -> PathBuf {
    let this = env::current_exe().unwrap();
    this.ancestors().nth(3).unwrap().to_owned()
}
