//! The OpenAPI document.

mod operations;
mod parts;
mod revocations;
mod schemas;

use http::HeaderName;
use serde_json::{Value, json};

/// The OpenAPI 3.1 document of an API that is nested at a path. `header` carries the caller's key;
/// without one the key is sent as a bearer token alone. `revokes` says whether tokens are revoked here.
pub(super) fn of(nested_at: &str, header: Option<&HeaderName>, revokes: bool) -> Value {
    let of_tokens = revokes.then(revocations::operation);
    let nested_at = nested_at.trim_end_matches('/');
    let mut schemes = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "a key, or a token that the program accepts",
        },
    });
    if let Some(header) = header
        && let Some(schemes) = schemes.as_object_mut()
    {
        let key = json!({"type": "apiKey", "in": "header", "name": header.as_str(), "description": "a key"});
        schemes.insert("api_key".into(), key);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Managed API keys",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Administers API keys. A caller gives nobody more than they have.",
        },
        "tags": [{"name": TAG, "description": "for administrators of API keys"}],
        "paths": operations::paths(nested_at, header.is_some(), of_tokens),
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": schemes,
        },
    })
}

const TAG: &str = "keys";
