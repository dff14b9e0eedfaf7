//! The router.

use std::future::ready;

use axum::{
    Router,
    extract::{OriginalUri, State},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use http::{
    HeaderName, HeaderValue, Uri,
    header::{AUTHORIZATION, CACHE_CONTROL},
};
use serde_json::Value;

use super::{
    administrator::{Administrator, Read},
    answer, audit, document, ends, keys,
    refusal::Refusal,
    revocations,
};
use crate::{
    keys::ManagedKeys, provider::AuthProvider, request::CredentialSource, revocations::Revocations,
};

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
    revocations: Option<Revocations>,
    has_openapi_route: bool,
}

impl KeyApi {
    /// Makes an API for these keys.
    pub fn new(keys: ManagedKeys) -> Self {
        Self {
            keys,
            revocations: None,
            has_openapi_route: false,
        }
    }

    /// Lets administrators revoke tokens at `POST /revocations`; nowhere unless set.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{
    ///     key_api::KeyApi,
    ///     keys::{ManagedKeys, MemoryKeyStore},
    ///     revocations::Revocations,
    /// };
    ///
    /// let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk_live")?;
    /// let revocations = Revocations::of_keys(&keys);
    /// let api = KeyApi::new(keys).with_revocations(&revocations);
    /// assert!(api.openapi("/keys")["paths"]["/keys/revocations"]["post"].is_object());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```text
    /// curl https://api.example/keys/revocations -H "X-API-Key: $KEY" -H 'Content-Type: application/json' \
    ///   -d '{"user_id": "42", "issuer": "https://login.example", "reason": "lost laptop"}'
    /// ```
    pub fn with_revocations(mut self, revocations: &Revocations) -> Self {
        self.revocations = Some(revocations.clone());
        self
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
        describe(&self.keys, self.revocations.is_some(), nested_at)
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
        let revokes = self.revocations.is_some();
        if let Some(revocations) = self.revocations {
            let revoke = move |by, body| revocations::revoke(revocations.clone(), by, body);
            router = router.route("/revocations", post(revoke));
        }
        if self.has_openapi_route {
            let openapi = move |State(keys): State<ManagedKeys>,
                                _: Administrator<Read>,
                                OriginalUri(uri): OriginalUri| {
                ready(openapi(&keys, revokes, &uri))
            };
            router = router.route("/openapi.json", get(openapi));
        }
        router
            .fallback(async || Refusal::no_such_path())
            .method_not_allowed_fallback(async || Refusal::wrong_method())
            .layer(map_response(not_stored))
            .with_state(self.keys)
    }
}

fn openapi(keys: &ManagedKeys, revokes: bool, uri: &Uri) -> Response {
    let path = uri.path();
    let nested_at = path.strip_suffix("/openapi.json").unwrap_or(path);
    answer::json(&describe(keys, revokes, nested_at))
}

fn describe(keys: &ManagedKeys, revokes: bool, nested_at: &str) -> Value {
    // A reload may have named another header.
    document::of(nested_at, header(&keys.in_force()), revokes)
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
