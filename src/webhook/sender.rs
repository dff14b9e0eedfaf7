//! Decides whether the sender of a message is let in, and answers a sender who is not.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use crate::{
    context::AuthContext,
    error::{AuthError, AuthErrorKind},
    provider::{AuthProvider, ask, authentication::AuthResult},
    refusal::{Wording, mark_worded},
    request::{AuthRequest, Message},
};

/// Asks the chain about one sender.
pub(super) async fn ask_about_sender(
    provider: &Arc<dyn AuthProvider>,
    message: &Message,
) -> Result<AuthContext, AuthError> {
    let asked = ask(provider, &AuthRequest::message(message));
    let answer: AuthResult = asked.answer().await;
    answer?.ok_or_else(|| {
        AuthError::forbidden("no_provider_for_message")
            .with_code("not_allowlisted")
            .with_message("the sender is not on the allowlist")
    })
}

/// An error would make the platform send the same message again and again: a sender who was refused
/// for good gets the response that ends it. A sender who could not be checked is worth another
/// attempt.
pub(super) fn refuse_sender(
    error: &AuthError,
    silent_answer: Option<Response<Bytes>>,
) -> Response<Bytes> {
    let is_final = !matches!(
        error.kind(),
        AuthErrorKind::UnknownKey | AuthErrorKind::Unavailable | AuthErrorKind::Throttled
    );
    match silent_answer {
        Some(mut answer) if is_final => {
            mark_worded(&mut answer, error);
            answer
        }
        _ => Wording::plain().respond(error),
    }
}
