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

#[test]
fn telegram_bot_asks_itself() {
    asks_itself("telegram_bot");
}

#[test]
fn discord_interactions_asks_itself() {
    asks_itself("discord_interactions");
}

#[test]
fn github_webhook_asks_itself() {
    asks_itself("github_webhook");
}

fn runs(name: &str) {
    ends_well(name, &[]);
}

/// A server, unless it is told to end.
fn asks_itself(name: &str) {
    ends_well(name, &["--once"]);
}

fn ends_well(name: &str, options: &[&str]) {
    let output = example(name)
        .args(options)
        .output()
        .expect("the example starts");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {shown}");
    assert!(!output.stdout.is_empty(), "{name} says what it shows");
}
