//! Notes in a response whether a layer has worded its refusal.

use http::Response;

use crate::error::AuthError;

/// Notes in a response that a layer has worded this refusal: an outer layer leaves it as it is.
pub(crate) fn mark_worded<B>(response: &mut Response<B>, error: &AuthError) {
    let extensions = response.extensions_mut();
    match extensions.get_mut::<AuthError>() {
        Some(noted) if noted.is_worded() => {}
        Some(noted) => *noted = noted.clone().with_worded(true),
        // A response of a closure's own has lost it.
        None => {
            extensions.insert(error.clone().with_worded(true));
        }
    }
}

/// The error of a refusal that no layer has worded yet.
///
/// A refusal that has another error's status by now is none of ours any more: whoever changed it
/// (to hide that something exists, say) must not be overruled.
pub(crate) fn unworded<B>(response: &Response<B>) -> Option<&AuthError> {
    let status = response.status();
    let was_changed = |error: &AuthError| {
        (status.is_client_error() || status.is_server_error()) && status != error.status()
    };
    response
        .extensions()
        .get::<AuthError>()
        .filter(|error| !error.is_worded() && !was_changed(error))
}
