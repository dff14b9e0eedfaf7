//! Secrets that stand in files of their own.

use std::{fs, path::PathBuf};

use tower_auth::config::AuthConfig;

use tower_auth::testing::{IssuerEndpoint, ManualClock, TestIssuer};

use super::files::{JWT_SECRET, NOW, bearer, caller, faults, json, ready, status, token, yaml};

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let name = format!("tower-auth-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, content: &str) {
        fs::write(self.0.join(name), content).unwrap();
    }

    fn config(&self, text: &str) -> AuthConfig {
        self.put("auth.yaml", text);
        ready(AuthConfig::from_file(self.0.join("auth.yaml")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn jwt_secret_is_read_from_a_file_without_its_line_break() {
    let folder = Folder::of("jwt-secret");
    let shown = bearer(&token(&[]));
    for end in ["", "\n", "\r\n"] {
        folder.put("secret", &format!("{JWT_SECRET}{end}"));
        let config = folder.config("auth: {jwt: {secret_file: secret, audience: agent-server}}");
        let answer = status(config, "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer, 200, "{end:?}");
    }
}

#[tokio::test]
async fn no_more_than_one_line_break_is_taken_away() {
    let folder = Folder::of("two-breaks");
    folder.put("secret", &format!("{JWT_SECRET}\n\n"));
    let config = folder.config("auth: {jwt: {secret_file: secret, audience: agent-server}}");
    let shown = bearer(&token(&[]));
    let answer = status(config, "POST /run", &[("authorization", &shown)]).await;
    assert_eq!(answer, 401);
}

#[test]
fn secret_file_that_is_missing_or_empty_is_a_fault() {
    let folder = Folder::of("no-secret");
    let text = "auth: {jwt: {secret_file: secret}}";
    let told = faults(folder.config(text));
    assert!(
        told.faults()[0].message().contains("no such file"),
        "{told}"
    );
    for content in ["", "\n", " \n"] {
        folder.put("secret", content);
        let told = faults(folder.config(text));
        assert!(
            told.faults()[0].message().contains("holds nothing"),
            "{told}"
        );
    }
}

#[test]
fn byte_order_mark_before_a_secret_is_a_fault() {
    let folder = Folder::of("secret-bom");
    folder.put("secret", &format!("\u{feff}{JWT_SECRET}"));
    let told = faults(folder.config("auth: {jwt: {secret_file: secret}}"));
    assert!(told.to_string().contains("byte order mark"), "{told}");
}

#[tokio::test]
async fn api_key_is_read_from_a_file_named_by_a_member_or_inside_a_text() {
    let folder = Folder::of("api-key");
    folder.put("key", "sk-from-a-file-1\n");
    let absolute = folder.0.join("key").display().to_string();
    for member in [
        "key_file: key".to_owned(),
        format!("key_file: {absolute}"),
        "key: '${file:key}'".to_owned(),
        format!("key: '${{file:{absolute}}}'"),
        "key: 'sk-${file:part}'".to_owned(),
    ] {
        folder.put("part", "from-a-file-1\n");
        let config = folder.config(&format!("auth: {{api_keys: [{{name: ada, {member}}}]}}"));
        let who = caller(config, &[("x-api-key", "sk-from-a-file-1")]).await;
        assert_eq!(who, "ada", "{member}");
    }
}

#[tokio::test]
async fn every_other_secret_is_read_from_a_file() {
    let folder = Folder::of("all-secrets");
    let issuer = TestIssuer::builder()
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start();
    folder.put("client", &format!("{}\n", TestIssuer::CLIENT_SECRET));
    let (endpoint, id) = (
        issuer.endpoint(IssuerEndpoint::Introspection),
        TestIssuer::CLIENT_ID,
    );
    for member in [
        "client_secret_file: client",
        "client_secret: '${file:client}'",
    ] {
        let config = folder.config(&format!(
            "auth: {{introspection: {{endpoint: '{endpoint}', client_id: '{id}', {member}}}}}"
        ));
        let shown = bearer(&issuer.token().mint_opaque());
        let answer = status(config, "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer, 200, "{member}");
    }
}

#[test]
fn secrets_of_webhooks_are_read_from_files() {
    let folder = Folder::of("webhook-secrets");
    folder.put("one", "tg_Secret-1234567\n");
    folder.put("two", "tg_Secret-7654321\n");
    for (member, words) in [
        ("secret_file: one", None),
        ("secret_file: [one, two]", None),
        ("secret: ['${file:one}', '${file:two}']", None),
        ("secret_file: [one, one]", Some("is the same")),
        ("secret_file: [one, gone]", Some("no such file")),
        ("secret_file: []", Some("the list is empty")),
        ("secret_file: one, secret: x", Some("keep one of the two")),
    ] {
        let hook = format!("{{path: /a, scheme: telegram, allow: everyone, {member}}}");
        let config = folder.config(&format!("auth: {{webhooks: [{hook}]}}"));
        match (config.build(), words) {
            (Ok(_), None) => {}
            (Err(told), Some(words)) => assert!(told.to_string().contains(words), "{told}"),
            (built, _) => panic!("{member}: {:?}", built.err()),
        }
    }
    let meta =
        "{path: /b, scheme: meta, secret_file: one, verify_token_file: two, allow: everyone}";
    let setup = folder
        .config(&format!("auth: {{webhooks: [{meta}]}}"))
        .build();
    assert!(setup.is_ok(), "{:?}", setup.err());
}

#[tokio::test]
async fn agents_secret_is_read_from_a_file() {
    let folder = Folder::of("agent-secret");
    folder.put("secret", &format!("{JWT_SECRET}\n"));
    let file = folder.0.join("secret").display().to_string();
    let shown = bearer(&token(&[]));
    let config = || json(r#"{"auth": "jwt"}"#);
    let env = [
        ("JWT_SECRET_KEY_FILE", &*file),
        ("JWT_AUDIENCE", "agent-server"),
    ];
    let headers = [("authorization", &*shown)];
    let answer = status(config().with_env(env), "POST /run", &headers).await;
    assert_eq!(answer, 200);
    let both = env.into_iter().chain([("JWT_SECRET_KEY", JWT_SECRET)]);
    let told = faults(config().with_env(both));
    assert!(told.to_string().contains("keep one of the two"), "{told}");
    let told = faults(config().with_env([("JWT_SECRET_KEY_FILE", "/gone")]));
    assert!(told.to_string().contains("no such file"), "{told}");
}

#[tokio::test]
async fn another_secret_in_the_file_holds_after_a_reload() {
    let folder = Folder::of("rotated");
    let texts = [
        "auth: {api_keys: [{name: ada, key_file: key}]}",
        "auth: {api_keys: [{name: ada, key: '${file:key}'}]}",
    ];
    for text in texts {
        folder.put("key", "sk-before-the-change\n");
        let (layer, handle) = folder.config(text).into_reload_layer().unwrap();
        let app = axum::Router::new()
            .route("/run", axum::routing::any(|| async { "ran" }))
            .layer(layer);
        let code = async |key| {
            let headers = [("x-api-key", key)];
            let answer = crate::common::oneshot::ask(&app, "POST /run", &headers).await;
            answer.status().as_u16()
        };
        assert_eq!(code("sk-before-the-change").await, 200);
        assert!(handle.reload_if_changed().unwrap().is_none());
        folder.put("key", "sk-after-the-change\n");
        assert!(handle.reload_if_changed().unwrap().is_some());
        assert_eq!(code("sk-before-the-change").await, 401);
        assert_eq!(code("sk-after-the-change").await, 200);
    }
}

#[test]
fn file_inside_a_text_that_cannot_be_read_is_a_fault_that_shows_no_path() {
    let folder = Folder::of("inside");
    for (text, words) in [
        ("${file:Canary}", "no such file"),
        ("${file:Canary:-default}", "a file has no default"),
        ("${file:}", "the file has no name"),
        ("${file: }", "the file has no name"),
        ("${file:.}", "this is no file"),
        ("${file:empty}", "the file holds nothing"),
    ] {
        folder.put("empty", "\n");
        let config = folder.config(&format!("auth: {{api_keys: [{{name: a, key: '{text}'}}]}}"));
        let told = faults(config);
        assert_eq!(told.faults().len(), 1, "{told}");
        assert_eq!(told.faults()[0].path(), "auth.api_keys[0].key");
        assert!(told.to_string().contains(words), "{text}: {told}");
        assert!(!told.to_string().contains("Canary"), "{told}");
    }
}

#[tokio::test]
async fn what_a_file_or_variable_holds_is_not_expanded_again() {
    let folder = Folder::of("no-second-look");
    folder.put("key", "${file:other}-and-${HOME}");
    let config = folder.config("auth: {api_keys: [{name: ada, key_file: key}]}");
    let shown = "${file:other}-and-${HOME}";
    assert_eq!(caller(config, &[("x-api-key", shown)]).await, "ada");
    let config = yaml("auth: {api_keys: [{name: ada, key: '${A}'}]}")
        .with_env([("A", "${file:/etc/hostname}")]);
    let shown = "${file:/etc/hostname}";
    assert_eq!(caller(config, &[("x-api-key", shown)]).await, "ada");
}

/// Documents with a secret, each with what to put in its place.
fn secrets_elsewhere(secret: &str) -> Vec<AuthConfig> {
    let quoted = serde_json::Value::from(secret).to_string();
    let jwt = format!("auth: {{jwt: {{secret: {quoted}}}}}");
    vec![
        yaml(&jwt),
        yaml("auth: {jwt: {secret: '${S}'}}").with_env([("S", secret)]),
        yaml("auth: {jwt: {secret: x}}").with_env([("TOWER_AUTH__JWT__SECRET", secret)]),
        yaml("auth: {jwt: {secret: x}}").with_value("auth.jwt.secret", secret),
        yaml(&format!(
            "auth: {{jwt: {{keys: [{{kid: a, secret: {quoted}}}]}}}}"
        )),
        yaml(&format!("auth: {{api_keys: [{{name: a, key: {quoted}}}]}}")),
        json(r#"{"auth": "jwt"}"#).with_env([("JWT_SECRET_KEY", secret)]),
        yaml(&format!(
            "auth: {{webhooks: [{{path: /a, scheme: github, secret: {quoted}}}]}}"
        )),
        yaml(&format!(
            "auth: {{webhooks: [{{path: /a, scheme: github, secret: [abc, {quoted}]}}]}}"
        )),
        yaml(&format!(
            "auth: {{webhooks: [{{path: /a, scheme: meta, secret: s, allow: everyone, \
             verify_token: {quoted}}}]}}"
        )),
        yaml(&format!(
            "auth: {{introspection: {{endpoint: 'https://a.example', client_id: a, \
             client_secret: {quoted}}}}}"
        )),
        yaml(&format!(
            "auth: {{introspection: {{endpoint: 'https://a.example', bearer_token: {quoted}}}}}"
        )),
    ]
}

#[test]
fn white_space_around_a_secret_from_anywhere_but_a_file_is_a_fault() {
    for around in [
        " {}",
        "{} ",
        "{}\n",
        "\t{}",
        "{}\r\n",
        "\u{a0}{}",
        "{}\u{3000}",
    ] {
        let secret = around.replace("{}", JWT_SECRET);
        for config in secrets_elsewhere(&secret) {
            let told = config.build().map(drop).unwrap_err().to_string();
            assert!(told.contains("begins or ends with white space"), "{told}");
            assert!(!told.contains(JWT_SECRET), "{told}");
        }
    }
    for config in secrets_elsewhere(JWT_SECRET) {
        assert!(config.build().is_ok());
    }
}

#[test]
fn white_space_inside_a_secret_is_part_of_it() {
    for config in secrets_elsewhere(&format!("{JWT_SECRET} {JWT_SECRET}")) {
        assert!(config.build().is_ok());
    }
}

#[test]
fn line_break_that_a_yaml_block_keeps_is_a_fault_and_one_that_it_does_not_is_none() {
    let text = |mark: &str| format!("auth:\n  jwt:\n    secret: {mark}\n      {JWT_SECRET}\n");
    assert!(faults(yaml(&text("|"))).to_string().contains("`|-`"));
    assert!(yaml(&text("|-")).build().is_ok());
}
