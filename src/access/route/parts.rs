//! The head of a request in the hands of an extractor.

use http::request::Parts;

use super::seen;
use crate::observe::About;

/// The head of a request, as the decision about it is told of.
pub(crate) fn about_parts(parts: &Parts) -> About<'_> {
    About::new(
        &parts.method,
        &parts.headers,
        &parts.extensions,
        seen::template,
    )
}
