//! Without axum there is no recorded route: rules see the path that the service sees.

use http::{Extensions, Uri};

pub(super) fn original_uri(_: &Extensions) -> Option<&Uri> {
    None
}

pub(super) fn original_uri_mut(_: &mut Extensions) -> Option<&mut Uri> {
    None
}

pub(super) fn template(_: &Extensions) -> Option<&str> {
    None
}

pub(super) fn nested_at(_: &Extensions) -> Option<&str> {
    None
}
