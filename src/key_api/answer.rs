//! Answers.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::view::KeyView;

/// 200, with a JSON body.
pub(super) fn json(body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// 200 with a key as it is, and its entity tag.
pub(super) fn key(view: &KeyView<'_>) -> Response {
    let mut response = json(view);
    if let Ok(tag) = HeaderValue::try_from(view.entity_tag()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// 201 with a new key, and its address.
pub(super) fn made(view: &KeyView<'_>, api_path: &str) -> Response {
    let mut response = key(view);
    *response.status_mut() = StatusCode::CREATED;
    let location = format!("{}/{}", api_path.trim_end_matches('/'), view.id());
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 204.
pub(super) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// 200 with a page of a list, and a link to its next page.
///
/// `next` is the query of the next page.
pub(super) fn page(body: &impl Serialize, next: Option<String>) -> Response {
    let mut response = json(body);
    let link =
        next.and_then(|query| HeaderValue::try_from(format!("<?{query}>; rel=\"next\"")).ok());
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
