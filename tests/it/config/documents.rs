//! Documents that say everything that can be said, for tests that change them.

use serde_json::{Value, json};

/// Documents with every member that there is.
pub fn documents() -> Vec<Value> {
    let keys = json!([
        {"name": "a", "key": "sk-a", "scopes": ["x", "y"], "expires_at": "2099-01-01T00:00:00Z"},
        {"name": "b", "key_sha256": "0".repeat(64), "revoked": false},
        {"name": "c", "key": REVOKED, "scopes": [], "revoked": true},
        {"name": "d", "key": EXPIRED, "expires_at": "2020-01-01T00:00:00Z"},
    ]);
    let jwt = json!({
        "secret": "${JWT_SECRET}", "algorithm": "HS256", "audience": ["a"], "issuer": "i",
        "scope_claim": "scp", "clock_skew_seconds": 5, "insecure_allow_short_secret": false,
        "insecure_allow_missing_exp": false,
    });
    let oauth2 = json!({
        "issuer": "https://issuer.example", "audience": "a", "jwks_uri": "https://issuer.example/k",
        "algorithms": ["RS256"], "scope_claim": "scp", "clock_skew_seconds": 5,
        "strict_at_jwt": true,
    });
    let other_issuer = json!({
        "issuer": "https://another.example", "audience": ["a"], "algorithms": "RS256",
    });
    let introspection = json!({
        "endpoint": "https://issuer.example/i", "client_id": "a", "client_secret": "s-e-c-r-e-t",
        "audience": "a", "issuer": "i", "scope_claim": "scp", "clock_skew_seconds": 5,
        "cache_seconds": 5, "ignore_jwts": true, "accept_clients": false,
    });
    let jwt_keys = json!({"audience": "a", "keys": [
        {"kid": "a", "secret": "${JWT_SECRET}", "algorithm": "HS256"},
        {"kid": "b", "secret_file": "${SECRETS}/jwt_secret"},
    ]});
    let full_keys = json!([
        {"name": "a", "key_file": "${SECRETS}/frontend_key", "scopes": ["x"], "roles": ["r"],
         "tenant": "t", "metadata": {"m": [1]}},
        {"name": "b", "key": "sk-of-the-same-caller", "user_id": "a", "scopes": []},
    ]);
    let key_store = json!({
        "url": "memory:", "prefix": "sk_live", "header": "x-agent-key", "source": "managed",
        "stale_limit_seconds": 5, "max_lifetime_seconds": 60, "owner_methods": ["sessions"],
        "free_metadata": ["team"], "max_known": 5,
    });
    let shared_store = json!({
        "url": "${UNSET:-memory:}", "prefix": "sk_live", "shared_source": "keys",
    });
    // Another chat than the stranger's.
    let chats = json!({
        "path": "/hooks/telegram", "scheme": "telegram", "allow": {"chat_ids": [-100]},
        "secret_file": ["${SECRETS}/telegram"],
    });
    let allowlist = json!({"user_ids": [1, "2"], "chat_ids": [3], "platforms": ["p"]});
    let telegram = json!({
        "path": "/hooks/telegram", "scheme": "telegram", "secret": ["${TELEGRAM_SECRET}", "x-y"],
        // Another chat than the stranger's: without `user_ids` everybody in it is let in.
        "allow": {"user_ids": [42], "chat_ids": [-100]}, "user_id": "bot", "scopes": ["x"],
        "max_body_bytes": 5000, "refuse_handled": false, "insecure_allow_replay": false,
    });
    let others = json!([
        telegram,
        {"path": "/hooks/a", "scheme": "meta", "secret": "s", "verify_token": "t",
         "allow": "everyone"},
        {"path": "/hooks/b", "scheme": "twilio", "secret": "s", "url": "https://a.example/b"},
        {"path": "/hooks/c", "scheme": "standard", "public_key":
         "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw="},
        {"path": "/hooks/github", "scheme": "hmac", "secret": "s", "hmac": {
            "signature_header": "x-sig", "prefix": "v1=", "algorithm": "sha384",
            "encoding": "hex", "timestamp_header": "x-time", "id_header": "x-id",
            "clock_skew_seconds": 30}},
    ]);
    vec![
        json!({"auth": {"api_keys": keys, "webhooks": [telegram], "public_paths": ["/hooks/public"]}}),
        json!({"auth": {"webhooks": others}}),
        json!({"auth": {"enabled": true, "mode": "api_key", "realm": "r", "api_keys": keys,
            "public_paths": ["/hooks/public"], "dev_docs": false}}),
        json!({"auth": {"mode": "jwt", "jwt": jwt}}),
        json!({"auth": {"mode": "oauth2", "oauth2": oauth2}}),
        json!({"auth": {"mode": "custom", "custom": "sessions"}}),
        json!({"auth": {"mode": "composite", "allowlist": allowlist, "jwt": jwt, "api_keys": keys}}),
        json!({"auth": {"allowlist": allowlist}}),
        json!({"auth": {"enabled": "${UNSET:-true}", "jwt": jwt}, "other": {"enabled": false}}),
        json!({"auth": {"oauth2": [oauth2, other_issuer], "max_credential_bytes": 4096}}),
        json!({"auth": {"introspection": introspection, "jwt": jwt_keys}}),
        json!({"auth": {"api_keys": full_keys, "webhooks": [chats]}}),
        json!({"auth": {"key_store": key_store, "api_keys": [{"name": "a", "key": "sk-a"}]}}),
        json!({"auth": {"key_store": shared_store, "mode": "composite"}}),
        json!({"auth": "jwt"}),
        json!({"auth": {"method": "custom", "path": "sessions"}}),
    ]
}

pub const REVOKED: &str = "sk-revoked-0123456789";
pub const EXPIRED: &str = "sk-expired-0123456789";
