//! The events of deliveries: the fields are those of [`event`](crate::event).

use std::error::Error;

use crate::{
    error::AuthError,
    event::count_refusal,
    log::{Causes, Clean, TARGET, clean},
    metrics,
    observe::{About, Outcome, Told, tell},
    request::Message,
};

/// Logs a platform's handshake, whose token or signature is right.
pub(crate) fn handshake(provider: &'static str, about: About<'_>) {
    tell(about, || Told {
        provider,
        ..Told::new(Outcome::Handshake)
    });
    metrics::decided(Outcome::Handshake.as_str(), provider, "");
    tracing::debug!(
        target: TARGET, outcome = "handshake", provider, path = about.path(),
        request_id = about.request_id(), trace_id = about.trace_id(),
    );
}

/// Logs a delivery that was handled before, and is not handled again.
pub(crate) fn repeated(provider: &'static str, about: About<'_>) {
    tell(about, || Told {
        provider,
        ..Told::new(Outcome::Repeated)
    });
    metrics::decided(Outcome::Repeated.as_str(), provider, "");
    tracing::info!(
        target: TARGET, outcome = "repeated", provider, path = about.path(),
        request_id = about.request_id(), trace_id = about.trace_id(),
    );
}

/// Logs a delivery whose signed bytes equal those of an earlier one, under another unsigned id: it is
/// either genuine, or a copy by someone who recorded the earlier one.
pub(crate) fn equal_delivery(
    provider: &'static str,
    count: u16,
    is_handled: bool,
    about: About<'_>,
) {
    tell(about, || Told {
        provider,
        ..Told::new(Outcome::EqualDelivery)
    });
    metrics::decided(Outcome::EqualDelivery.as_str(), provider, "");
    let path = about.path();
    if is_handled {
        tracing::warn!(
            target: TARGET, outcome = "equal_delivery", provider, count, path,
            "a delivery has an equal body and another id, which is not signed; it is handled"
        );
    } else {
        tracing::warn!(
            target: TARGET, outcome = "equal_delivery", provider, count, path,
            "too many deliveries have an equal body and other ids, which are not signed; this one \
             is not handled (see `with_equal_bodies`)"
        );
    }
}

/// Logs a sender whom a chat platform vouches for and whom the chain does not let in.
pub(crate) fn refused_sender(error: &AuthError, message: &Message, about: About<'_>) {
    tell(about, || Told::refused(error));
    count_refusal(error);
    let (provider, code) = (error.provider(), error.code());
    let reason = Clean(error.reason());
    let (platform, kind) = (Clean(message.platform()), clean(message.kind()));
    let (user_id, chat_id) = (clean(message.user_id()), clean(message.chat_id()));
    if error.is_alarming() {
        tracing::error!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason,
            platform = %platform, kind, user_id, chat_id, path = about.path(),
            request_id = about.request_id(), trace_id = about.trace_id(), error = %Causes(error.source()),
        );
    } else {
        tracing::info!(
            target: TARGET, outcome = "refused", provider, code, reason = %reason,
            platform = %platform, kind, user_id, chat_id, path = about.path(),
            request_id = about.request_id(), trace_id = about.trace_id(),
        );
    }
}
