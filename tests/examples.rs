//! Every example that runs to its end does so: each asserts what it shows.
#![cfg(test)]

mod common;

use common::agent::example;
use tower_auth::testing::{TestIssuer, TestToken};

#[test]
fn api_key_runs() {
    runs("api_key");
}

#[test]
fn jwt_runs() {
    runs("jwt");
}

#[test]
fn oauth2_issuer_runs() {
    runs("oauth2_issuer");
}

#[test]
fn oauth2_issuer_names_every_kind() {
    let output = example("oauth2_issuer").output().expect("it starts");
    let said = String::from_utf8(output.stdout).unwrap();
    for kind in ["auth0", "keycloak", "entra", "firebase"] {
        assert!(said.lines().any(|line| line == kind), "{kind} in {said}");
    }
}

#[test]
fn oauth2_issuer_looks_at_a_token() {
    let issuer = TestIssuer::start();
    let look = |audience, token: TestToken<'_>| {
        example("oauth2_issuer")
            .args(["keycloak", issuer.url(), audience])
            .env("TOKEN", token.mint())
            .output()
            .expect("it starts")
    };
    let roles = serde_json::json!({"roles": ["admin"]});
    let token = issuer.token().with_scope("agents:invoke");
    let seen = look(
        TestIssuer::AUDIENCE,
        token.with_claim("realm_access", roles),
    );
    let said = String::from_utf8(seen.stdout).unwrap();
    assert!(said.contains("accepted test-user"), "{said}");
    assert!(
        said.contains("agents:invoke") && said.contains(r#"["admin"]"#),
        "{said}"
    );

    let refused = look("another", issuer.token());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("jwt_aud_mismatch"),
        "{said}"
    );
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
