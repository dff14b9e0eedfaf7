//! The route that axum's router recorded.

use axum::extract::{MatchedPath, NestedPath, OriginalUri};
use http::{Extensions, Uri};

pub(super) fn original_uri(extensions: &Extensions) -> Option<&Uri> {
    extensions.get::<OriginalUri>().map(|original| &original.0)
}

pub(super) fn original_uri_mut(extensions: &mut Extensions) -> Option<&mut Uri> {
    extensions
        .get_mut::<OriginalUri>()
        .map(|original| &mut original.0)
}

pub(super) fn template(extensions: &Extensions) -> Option<&str> {
    extensions.get::<MatchedPath>().map(MatchedPath::as_str)
}

pub(super) fn nested_at(extensions: &Extensions) -> Option<&str> {
    extensions.get::<NestedPath>().map(NestedPath::as_str)
}
