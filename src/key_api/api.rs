//! The router.

use axum::{
    Router,
    extract::{OriginalUri, State},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, CACHE_CONTROL},
};
use serde_json::Value;

use super::{
    administrator::{Administrator, Read},
    answer, audit, document, ends, keys,
    refusal::Refusal,
};
use crate::{keys::ManagedKeys, provider::AuthProvider, request::CredentialSource};

/// An HTTP API with which administrators manage keys.
///
/// # Example
///
/// ```
/// use axum::Router;
/// use tower_auth::{AuthLayer, key_api::KeyApi, keys::{ManagedKeys, MemoryKeyStore}};
///
/// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
/// let api = KeyApi::new(keys.clone());
/// let document = api.openapi("/keys");
/// assert!(document["paths"]["/keys/{key_id}/rotate"]["post"].is_object());
///
/// let app: Router = Router::new()
///     .nest("/keys", api.with_openapi_route().into_router())
///     .layer(AuthLayer::new(keys)); // outside, so that it knows who calls
/// # let _ = app;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `POST /keys` with the first administrator's key then makes another:
///
/// ```text
/// curl https://api.example/keys -H "X-API-Key: $KEY" -H 'Content-Type: application/json' \
///   -d '{"name": "billing robot", "scopes": ["invoices:read"], "expires_in": "90d"}'
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeyApi {
    keys: ManagedKeys,
    has_openapi_route: bool,
}

impl KeyApi {
    /// Makes an API for these keys.
    pub fn new(keys: ManagedKeys) -> Self {
        Self {
            keys,
            has_openapi_route: false,
        }
    }

    /// Serves the OpenAPI document at `GET /openapi.json` below the router, to callers with
    /// `keys:read`; nowhere unless set.
    pub fn with_openapi_route(mut self) -> Self {
        self.has_openapi_route = true;
        self
    }

    /// The OpenAPI 3.1 document of the API, whose paths begin with the path at which the router is
    /// nested.
    ///
    /// Its security schemes are `api_key`, the header in which these keys are sent now, and `bearer`.
    /// Merge it into the document of your program, and replace them where your callers show something
    /// else.
    #[must_use]
    pub fn openapi(&self, nested_at: &str) -> Value {
        describe(&self.keys, nested_at)
    }

    /// The router, for `Router::nest` behind an [`AuthLayer`](crate::AuthLayer).
    pub fn into_router<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let mut router = Router::new()
            .route("/", get(keys::list).post(keys::create))
            .route("/import", post(keys::import))
            .route("/audit", get(audit::of_all))
            .route(
                "/{key_id}",
                get(keys::show).patch(keys::update).delete(keys::delete),
            )
            .route("/{key_id}/rotate", post(ends::rotate))
            .route("/{key_id}/revoke", post(ends::revoke))
            .route("/{key_id}/unrevoke", post(ends::unrevoke))
            .route("/{key_id}/audit", get(audit::of_key));
        if self.has_openapi_route {
            router = router.route("/openapi.json", get(openapi));
        }
        router
            .fallback(async || Refusal::no_such_path())
            .method_not_allowed_fallback(async || Refusal::wrong_method())
            .layer(map_response(not_stored))
            .with_state(self.keys)
    }
}

async fn openapi(
    State(keys): State<ManagedKeys>,
    _: Administrator<Read>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let path = uri.path();
    let nested_at = path.strip_suffix("/openapi.json").unwrap_or(path);
    answer::json(&describe(&keys, nested_at))
}

fn describe(keys: &ManagedKeys, nested_at: &str) -> Value {
    // A reload may have named another header.
    document::of(nested_at, header(&keys.in_force()))
}

/// The header of a key, unless a key is sent as a bearer token alone.
fn header(keys: &ManagedKeys) -> Option<&HeaderName> {
    let headers = keys
        .credentials()
        .iter()
        .filter_map(CredentialSource::header_name);
    headers.into_iter().find(|name| *name != AUTHORIZATION)
}

/// No cache keeps a key or its record.
async fn not_stored(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
