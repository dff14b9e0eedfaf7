//! The agent shape with a token that PyJWT made.

use serde_json::json;
use tower_auth::config::AuthConfig;

use super::files::{NOW, bearer, caller, ready, status};
use crate::common::live;

#[tokio::test]
async fn agent_shape_accepts_what_pyjwt_minted() {
    let Some(pyjwt) = live::python("mint_pyjwt.py") else {
        return;
    };
    let secret = "an-example-secret-of-at-least-64-bytes-so-that-every-hash-is-content";
    let algorithms = ["HS256", "HS384", "HS512"];
    let requests: Vec<_> = algorithms
        .iter()
        .map(|alg| {
            json!({"op": "mint", "alg": alg, "key": {"secret": secret},
                "claims": {"sub": "agent-7", "exp": NOW + 60, "aud": "agents", "iss": "py"}})
        })
        .collect();
    let replies = live::ask(pyjwt, &requests);
    for (alg, reply) in algorithms.iter().zip(replies) {
        let config = |alg: &str, audience: &str| {
            ready(AuthConfig::from_json(r#"{"auth": "jwt"}"#)).with_env([
                ("JWT_SECRET_KEY", secret),
                ("JWT_ALGORITHM", alg),
                ("JWT_ISSUER", "py"),
                ("JWT_AUDIENCE", audience),
            ])
        };
        let shown = bearer(reply["token"].as_str().unwrap());
        let headers = [("authorization", &*shown)];
        assert_eq!(
            caller(config(alg, "agents"), &headers).await,
            "agent-7",
            "{alg}"
        );
        assert_eq!(
            status(config(alg, "others"), "POST /run", &headers).await,
            401
        );
        let other = if *alg == "HS256" { "HS512" } else { "HS256" };
        assert_eq!(
            status(config(other, "agents"), "POST /run", &headers).await,
            401
        );
    }
}
