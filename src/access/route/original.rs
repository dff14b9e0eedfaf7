//! The URI that a client signed.

use http::{Extensions, Uri};

use super::seen;

/// The URI as the client sent it, where axum keeps it.
pub(crate) fn original_uri<'a>(uri: &'a Uri, extensions: &'a Extensions) -> &'a Uri {
    seen::original_uri(extensions).unwrap_or(uri)
}
