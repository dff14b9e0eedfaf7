//! Several keys in the `jwt` block.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use tower_auth::config::AuthConfig;

use super::files::{NOW, bearer, faults, status, yaml};

const OLD: &str = "an old secret of at least 32 bytes";
const NEW: &str = "a new secret of at least 32 bytes.";

fn config() -> AuthConfig {
    yaml(&format!(
        "auth: {{jwt: {{keys: [{{kid: old, secret: {OLD}}}, {{kid: new, secret: {NEW}}}]}}}}"
    ))
}

fn token(kid: Option<&str>, secret: &str) -> String {
    let header = Header {
        kid: kid.map(str::to_owned),
        ..Header::default()
    };
    let claims = json!({"sub": "ada", "exp": NOW + 60});
    let key = EncodingKey::from_secret(secret.as_bytes());
    bearer(&jsonwebtoken::encode(&header, &claims, &key).unwrap())
}

#[tokio::test]
async fn each_of_several_keys_checks_the_tokens_that_name_it() {
    for (kid, secret, code) in [
        (Some("old"), OLD, 200),
        (Some("new"), NEW, 200),
        (Some("new"), OLD, 401),
        (Some("other"), OLD, 401),
        (None, OLD, 401),
    ] {
        let shown = token(kid, secret);
        let answer = status(config(), "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer, code, "{kid:?}");
    }
}

#[test]
fn several_keys_are_told_in_the_summary() {
    let setup = config().build().unwrap();
    assert_eq!(setup.summary().providers(), ["jwt (2 keys: HS256)"]);
}

#[test]
fn one_kid_for_two_keys_is_a_fault() {
    let text =
        format!("auth: {{jwt: {{keys: [{{kid: a, secret: {OLD}}}, {{kid: a, secret: {NEW}}}]}}}}");
    let told = faults(yaml(&text));
    assert_eq!(told.faults()[0].path(), "auth.jwt.keys[1].kid");
}
