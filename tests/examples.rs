//! Every example that runs to its end does so: each asserts what it shows.
#![cfg(test)]

mod common;

use common::agent::example;

#[test]
fn api_key_runs() {
    runs("api_key");
}

#[test]
fn jwt_runs() {
    runs("jwt");
}

#[test]
fn allowlist_runs() {
    runs("allowlist");
}

#[test]
fn composite_runs() {
    runs("composite");
}

#[test]
fn custom_provider_runs() {
    runs("custom_provider");
}

#[test]
fn second_factor_runs() {
    runs("second_factor");
}

fn runs(name: &str) {
    let output = example(name).output().expect("the example starts");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {shown}");
    assert!(!output.stdout.is_empty(), "{name} says what it shows");
}
