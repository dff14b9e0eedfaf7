//! Faults are told all at once: also those inside a block with a misspelled name, and those of what
//! an absent member would have needed.

use tower_auth::config::AuthConfig;

use super::files::ready;

/// What is told of a file, a line each: place, then words.
fn told(text: &str) -> Vec<String> {
    all(ready(AuthConfig::from_yaml(text)))
}

fn all(config: AuthConfig) -> Vec<String> {
    let faults = config.build().expect_err("nothing is built");
    let lines = faults.faults().iter();
    lines
        .map(|fault| format!("{}: {}", fault.path(), fault.message()))
        .collect()
}

#[track_caller]
fn has(told: &[String], place: &str, words: &str) {
    let start = format!("{place}: ");
    let is_it = |line: &&String| line.starts_with(&start) && line.contains(words);
    assert!(
        told.iter().any(|line| is_it(&line)),
        "{place}: {words} is not among\n{}",
        told.join("\n")
    );
}

#[test]
fn fault_inside_of_a_misspelled_block_is_told_with_that_of_its_name() {
    let told = told(
        "auth: {api_kyes: [{name: ada, key: sk-live-9f, expires_at: tomorow}, {name: bob, scope: []}]}",
    );
    has(&told, "auth.api_kyes", "did you mean \"api_keys\"?");
    has(&told, "auth.api_kyes[0].expires_at", "no date and time");
    has(&told, "auth.api_kyes[1].scope", "did you mean \"scopes\"?");
    has(&told, "auth.api_kyes[1]", "no key is there");
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn fault_inside_of_a_misspelled_auth_is_told_with_that_of_its_name() {
    let told = told("ath: {jwt: {secret: short}, realm: '${NO_SUCH_REALM}'}");
    has(&told, "", "there is no `auth`: was it misspelled here?");
    has(&told, "ath.jwt.secret", "shorter than the hash");
    has(&told, "ath.realm", "NO_SUCH_REALM is not set");
    assert_eq!(told.len(), 3, "{told:?}");
}

#[test]
fn meaning_of_a_misspelled_block_is_judged_too() {
    let told = told(
        "auth: {jtw: {secret: short}, webhoks: [{path: no-slash, scheme: github, secret: x}], \
         public_pahts: ['/{*rest}']}",
    );
    has(&told, "auth.jtw.secret", "shorter than the hash");
    has(&told, "auth.webhoks[0].path", "this is no path");
    has(
        &told,
        "auth.public_pahts[0]",
        "this makes every path public",
    );
}

#[test]
fn member_that_is_only_misspelled_is_not_said_to_be_missing() {
    let told = told("auth: {api_keys: [{nam: ada, kye: sk-live-9f}]}");
    has(&told, "auth.api_keys[0].nam", "did you mean \"name\"?");
    has(&told, "auth.api_keys[0].kye", "did you mean \"key\"?");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn file_with_nothing_wrong_but_a_name_builds_nothing() {
    for text in [
        "auth: {api_kyes: [{name: ada, key: sk-live-9f}]}",
        "ath: {api_keys: [{name: ada, key: sk-live-9f}]}",
        "auth: {api_keys: [{name: ada, kye: sk-live-9f}]}",
        "auth: {enabld: false, api_keys: [{name: ada, key: sk-live-9f}]}",
        "auth: {mdoe: none, api_keys: [{name: ada, key: sk-live-9f}]}",
        "auth: {api_keys: [{name: ada, key: sk-live-9f, revokd: true}]}",
    ] {
        let told = told(text).join("\n");
        assert!(
            told.contains("did you mean") || told.contains("misspelled"),
            "{told}"
        );
    }
}

#[test]
fn addresses_of_an_issuer_are_judged_whatever_else_is_missing() {
    for missing in [
        "audience: a, jwks_uri: 'ftp://keys.example'",
        "issuer: 'https://issuer.example', jwks_uri: 'ftp://keys.example'",
        "issuer: 'https://issuer.example', audience: a, clock_skew_seconds: 999, jwks_uri: 'ftp://keys.example'",
        "issuer: 'https://issuer.example', audience: a, ca_file: no-such.pem, jwks_uri: 'ftp://keys.example'",
    ] {
        let told = told(&format!("auth: {{oauth2: {{{missing}}}}}"));
        has(&told, "auth.oauth2.jwks_uri", "");
        assert_eq!(told.len(), 2, "{told:?}");
    }
}

#[test]
fn address_of_an_endpoint_is_judged_where_nothing_is_there_to_be_known_by() {
    let told = told(
        "auth: {introspection: {endpoint: 'ftp://issuer.example', audience: a, clock_skew_seconds: 999}}",
    );
    has(&told, "auth.introspection", "add `client_id`");
    has(&told, "auth.introspection.endpoint", "");
    has(
        &told,
        "auth.introspection.clock_skew_seconds",
        "300 seconds",
    );
    assert_eq!(told.len(), 3, "{told:?}");
}

#[test]
fn claims_of_a_key_that_is_missing_are_judged() {
    let told = told("auth: {api_keys: [{name: ada, roles: [a], metadata: {roles: b}}]}");
    has(&told, "auth.api_keys[0]", "no key is there");
    has(
        &told,
        "auth.api_keys[0].roles",
        "`metadata` has `roles` too",
    );
}

#[test]
fn public_key_without_an_algorithm_is_still_looked_at() {
    let told = told("auth: {jwt: {public_key_file: README.md}}");
    has(
        &told,
        "auth.jwt.public_key_file",
        "the algorithm of the public key is missing",
    );
    has(&told, "auth.jwt.public_key_file", "no PEM public key");
}

#[test]
fn webhook_without_a_scheme_is_judged_in_what_schemes_need() {
    let told = told(
        "auth: {webhooks: [{path: /hooks/a, secret_file: no-such-secret, url: 'example.com/x', \
         verify_token_file: no-such-token, hmac: {signature_header: 'x sig'}, \
         allow: {}}]}",
    );
    has(&told, "auth.webhooks[0]", "\"scheme\" is missing");
    has(&told, "auth.webhooks[0].secret_file", "");
    has(&told, "auth.webhooks[0].verify_token_file", "");
    has(&told, "auth.webhooks[0].url", "this is no address");
    has(
        &told,
        "auth.webhooks[0].hmac.signature_header",
        "no header name",
    );
    has(
        &told,
        "auth.webhooks[0].allow",
        "neither `user_ids` nor `chat_ids`",
    );
    assert_eq!(told.len(), 6, "{told:?}");
}

#[test]
fn verify_token_is_looked_for_where_the_secret_is_at_fault() {
    let told = told(
        "auth: {webhooks: [{path: /hooks/a, scheme: meta, secret: ' x', allow: everyone, \
         verify_token_file: no-such-token}]}",
    );
    has(&told, "auth.webhooks[0].secret", "white space");
    has(&told, "auth.webhooks[0].verify_token_file", "");
}

#[test]
fn variables_of_an_agent_are_judged_all_at_once() {
    let config = AuthConfig::from_json(r#"{"auth": "jwt"}"#);
    let told = all(config.with_env([("JWT_ALGORITHM", "HS999"), ("JWT_ISSUER", "")]));
    assert_eq!(told.len(), 3, "{told:?}");
    has(&told, "auth", "\"jwt\" needs it");
    has(&told, "auth", "no such signature algorithm");
    let config = AuthConfig::from_json(r#"{"auth": "jwt"}"#);
    let told = all(config.with_env([("JWT_SECRET_KEY", "x"), ("JWT_SECRET_KEY_FILE", "y")]));
    has(
        &told,
        "auth",
        "both JWT_SECRET_KEY and JWT_SECRET_KEY_FILE are there",
    );
}

#[test]
fn unset_variable_of_a_secret_is_never_advised_a_default() {
    for (block, place) in [
        (
            "api_keys: [{name: a, key: '${NO_SUCH}'}]",
            "api_keys[0].key",
        ),
        (
            "api_keys: [{name: a, key: 'sk-${NO_SUCH}'}]",
            "api_keys[0].key",
        ),
        (
            "api_keys: [{name: a, key_sha256: '${NO_SUCH}'}]",
            "api_keys[0].key_sha256",
        ),
        ("jwt: {secret: '${NO_SUCH}'}", "jwt.secret"),
        (
            "jwt: {keys: [{kid: a, secret: '${NO_SUCH}'}]}",
            "jwt.keys[0].secret",
        ),
        (
            "introspection: {endpoint: 'https://i.example', client_id: a, client_secret: '${NO_SUCH}'}",
            "introspection.client_secret",
        ),
        (
            "introspection: {endpoint: 'https://i.example', bearer_token: '${NO_SUCH}'}",
            "introspection.bearer_token",
        ),
        (
            "webhooks: [{path: /a, scheme: github, secret: '${NO_SUCH}'}]",
            "webhooks[0].secret",
        ),
        (
            "webhooks: [{path: /a, scheme: github, secret: ['${NO_SUCH}', other-secret]}]",
            "webhooks[0].secret[0]",
        ),
        (
            "webhooks: [{path: /a, scheme: meta, secret: x, allow: everyone, verify_token: '${NO_SUCH}'}]",
            "webhooks[0].verify_token",
        ),
    ] {
        let told = told(&format!("auth: {{{block}}}"));
        has(
            &told,
            &format!("auth.{place}"),
            "the variable NO_SUCH is not set: set it, or name a file",
        );
        assert!(!told.join("\n").contains(":-"), "{told:?}");
    }
}

#[test]
fn unset_variable_of_another_text_may_have_a_default() {
    let told = told("auth: {realm: '${NO_SUCH}', api_keys: [{name: ada, key: sk-live-9f}]}");
    has(&told, "auth.realm", "set it, or write ${NO_SUCH:-default}");
}
