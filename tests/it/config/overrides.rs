//! Code over environment over file over defaults, and variables in texts.

use serde_json::json;
use tower_auth::config::AuthConfig;

use super::files::{caller, faults, ready, status, yaml};

const FILE: &str = "auth: {realm: file, api_keys: [{name: file, key: sk-file}]}";

#[tokio::test]
async fn environment_goes_over_the_file() {
    let config = || {
        yaml(FILE).with_env([(
            "TOWER_AUTH__API_KEYS",
            r#"[{"name": "env", "key": "sk-env"}]"#,
        )])
    };
    assert_eq!(caller(config(), &[("x-api-key", "sk-env")]).await, "env");
    // Lists are replaced, not merged.
    assert_eq!(
        status(config(), "POST /run", &[("x-api-key", "sk-file")]).await,
        401
    );
}

#[tokio::test]
async fn code_goes_over_the_environment() {
    let config = yaml(FILE)
        .with_env([(
            "TOWER_AUTH__API_KEYS",
            r#"[{"name": "env", "key": "sk-env"}]"#,
        )])
        .with_value(
            "auth.api_keys",
            json!([{"name": "code", "key": "$sk-code"}]),
        );
    assert_eq!(caller(config, &[("x-api-key", "$sk-code")]).await, "code");
}

#[test]
fn blocks_are_merged_member_by_member() {
    let config = yaml("auth: {jwt: {secret: short, issuer: i}}")
        .with_env([
            (
                "TOWER_AUTH__JWT__SECRET",
                "0123456789abcdef0123456789abcdef",
            ),
            ("TOWER_AUTH__JWT__ALGORITHM", "HS384"),
        ])
        .with_value("auth.jwt.algorithm", "HS256");
    assert_eq!(
        config.build().unwrap().summary().providers(),
        ["jwt (HS256)"]
    );
}

#[tokio::test]
async fn environment_alone_is_enough() {
    let config = || {
        ready(AuthConfig::from_env()).with_env([
            ("TOWER_AUTH__MODE", "api_key"),
            ("TOWER_AUTH__API_KEYS", r#"[{"name": "a", "key": "${sk}"}]"#),
            ("TOWER_AUTH__PUBLIC_PATHS", r#"["/hooks/public"]"#),
            ("TOWER_AUTH__DEV_DOCS", "true"),
        ])
    };
    // A value of the environment is not expanded again.
    assert_eq!(caller(config(), &[("x-api-key", "${sk}")]).await, "a");
    assert_eq!(status(config(), "POST /hooks/public", &[]).await, 200);
    assert_eq!(status(config(), "GET /docs", &[]).await, 200);
    assert_eq!(status(config(), "POST /run", &[]).await, 401);
}

#[test]
fn environment_without_variables_is_no_configuration() {
    let none: [(&str, &str); 0] = [];
    assert!(AuthConfig::from_env().with_env(none).into_layer().is_err());
}

#[tokio::test]
async fn environment_can_turn_authentication_off() {
    let config = yaml(FILE).with_env([("TOWER_AUTH__ENABLED", "false")]);
    assert_eq!(caller(config, &[]).await, "anonymous");
}

#[test]
fn variable_that_overrides_nothing_we_know_is_a_fault() {
    for (name, says) in [
        (
            "TOWER_AUTH__MOED",
            "auth.moed: there is no such member: did you mean \"mode\"?",
        ),
        (
            "TOWER_AUTH__AUTH__MODE",
            "auth.auth: there is no such member",
        ),
        ("TOWER_AUTH__", "the variable names no member"),
        ("TOWER_AUTH__JWT__", "the variable names no member"),
        ("TOWER_AUTH__REALM__X", "no block stands there"),
        (
            "TOWER_AUTH__API_KEYS__0__KEY",
            "a list is replaced as a whole",
        ),
    ] {
        let told = faults(yaml(FILE).with_env([(name, "jwt")])).to_string();
        assert!(told.contains(says), "{name}: {told}");
        assert!(told.contains(name), "{told}");
    }
}

#[test]
fn override_of_the_agent_shape_is_a_fault() {
    for document in [r#"{"auth": null}"#, r#"{"auth": "jwt"}"#] {
        let config = super::files::json(document).with_env([
            ("JWT_SECRET_KEY", super::files::JWT_SECRET),
            ("TOWER_AUTH__MODE", "none"),
        ]);
        assert!(config.into_layer().is_err(), "{document}");
    }
}

#[test]
fn value_of_the_program_is_held_to_the_same_rules() {
    for (path, value) in [
        ("realm", json!("x")),
        ("auth", json!(null)),
        ("auth.", json!("x")),
        ("auth.mode", json!(null)),
        ("auth.mode", json!("")),
        ("auth.api_keys", json!([])),
        ("auth.api_keys.0", json!({})),
        ("auth.dev_docs", json!("true")),
        ("", json!({})),
    ] {
        assert!(
            yaml(FILE).with_value(path, value).into_layer().is_err(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn variables_stand_in_texts() {
    for (text, key) in [
        ("${K}", "sk-1"),
        ("a${K}b${K}", "ask-1bsk-1"),
        ("${UNSET:-sk-2}", "sk-2"),
        ("${EMPTY:-sk-3}", "sk-3"),
        ("${K:-sk-4}", "sk-1"),
        ("$$", "$"),
        ("$${K}", "${K}"),
        ("$$$$x", "$$x"),
        ("${NESTED}", "${K}"),
        ("${UNSET:-a:-b}", "a:-b"),
    ] {
        let config = yaml(&format!("auth: {{api_keys: [{{name: n, key: '{text}'}}]}}")).with_env([
            ("K", "sk-1"),
            ("EMPTY", ""),
            ("NESTED", "${K}"),
        ]);
        assert_eq!(caller(config, &[("x-api-key", key)]).await, "n", "{text}");
    }
}

#[tokio::test]
async fn variables_may_hold_flags_numbers_and_lists() {
    let config = yaml(
        "auth: {enabled: '${ON}', dev_docs: '${ON}', public_paths: '${PATHS}',
                jwt: {secret: '${S}', clock_skew_seconds: '${SKEW}'}}",
    )
    .with_env([
        ("ON", "true"),
        ("PATHS", r#"["/a", "/b"]"#),
        ("S", super::files::JWT_SECRET),
        ("SKEW", "5"),
    ]);
    let setup = config.build().unwrap();
    assert_eq!(setup.summary().public_paths(), ["/a", "/b"]);
}

#[test]
fn what_a_variable_holds_is_held_to_the_same_rules() {
    for value in [
        "", " ", "True", "TRUE", "1", "yes", "null", "tru", "[]", "{}",
    ] {
        let config = yaml("auth: {enabled: '${ON}', custom: sessions}").with_env([("ON", value)]);
        assert!(config.into_layer().is_err(), "{value:?}");
    }
}

#[test]
fn empty_variable_is_named_where_a_secret_belongs() {
    for text in ["${EMPTY}", "sk-${EMPTY}", "${BLANK}", "${UNSET:-}"] {
        let config = yaml(&format!("auth: {{api_keys: [{{name: n, key: '{text}'}}]}}"))
            .with_env([("EMPTY", ""), ("BLANK", "  ")]);
        let told = faults(config).to_string();
        assert!(told.contains("is set to nothing"), "{text}: {told}");
    }
}

#[test]
fn names_of_others_are_no_slips() {
    for name in [
        "author",
        "authors",
        "authority",
        "authentication",
        "zation",
        "oauth",
        "auths",
    ] {
        let config = yaml(&format!("{name}: x\n{FILE}"));
        assert!(config.into_layer().is_ok(), "{name}");
    }
    for name in [
        "authorisation",
        "authorizations",
        "autorization",
        "Authorization",
    ] {
        let config = yaml(&format!("{name}: x\n{FILE}"));
        assert!(config.into_layer().is_err(), "{name}");
    }
}
