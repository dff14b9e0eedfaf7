//! Tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

/// The secret that they are signed with.
pub(crate) const SECRET: &str = "the secret of tokens in this measurement";
/// Who issues them.
pub(crate) const ISSUER: &str = "https://issuer.example";

/// A token of that `jti`.
pub(crate) fn token(jti: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let exp = (since + Duration::from_secs(3_600)).as_secs();
    let claims = json!({
        "iss": ISSUER, "sub": "robot", "jti": jti, "iat": since.as_secs(), "exp": exp,
    });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
}
