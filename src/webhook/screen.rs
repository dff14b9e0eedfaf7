//! The checks before a byte of a body is read: attempts, size, the head, and room for the body.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::{
    attempts,
    core::{Core, head},
    deliveries, read, verify,
};
use crate::{
    access::about,
    attempts::{Attempt, Stopped},
    client_limit::Permit,
    error::AuthError,
    reading::Unread,
};

/// What a delivery holds until it is judged.
pub(super) type Held = (Permit, Option<Attempt>);

impl Core {
    /// An attempt for what a request shows, where attempts are limited.
    pub(super) fn attempt<B>(&self, request: &Request<B>) -> Result<Option<Attempt>, Stopped> {
        match &self.attempts {
            None => Ok(None),
            Some(limit) => {
                let token = self.verify_token.as_ref();
                attempts::attempt(limit, &*self.scheme, token, &head(request), request)
            }
        }
    }

    /// Checks the head, and takes a buffer for the body; or the answer, where no body is to be read.
    #[expect(
        clippy::result_large_err,
        reason = "a refusal is moved on at once, and a box would be an allocation more"
    )]
    pub(super) fn screen<B: Body>(
        &self,
        request: &Request<B>,
        attempt: Option<Attempt>,
    ) -> Result<Held, Response<Bytes>> {
        let refuse = |error| self.refuse(error, about(request));
        let token = self.verify_token.as_ref();
        if let Some((token, handshake)) = attempts::handshake(token, request) {
            let answer =
                handshake.and_then(|handshake| attempts::shake_hands(attempt, token, handshake));
            if answer.is_ok() {
                deliveries::handshake(self.scheme.name(), about(request));
            }
            return Err(answer.unwrap_or_else(refuse));
        }
        let head = match self.room.is_too_long(request.body()) {
            true => Err(Unread::TooLong.into_error()),
            false => self.check_head(request),
        };
        if let Err(error) = head {
            attempts::settle(attempt, &Err::<(), _>(error.clone()));
            return Err(refuse(error));
        }
        match self.room.buffer(request.extensions()) {
            Ok(buffer) => Ok((buffer, attempt)),
            Err(unread) => Err(self.refuse_unread(unread, request)),
        }
    }

    /// Checks the head of a delivery before a byte of its body is read: a request without a
    /// well-formed signature costs no memory.
    fn check_head<B>(&self, request: &Request<B>) -> Result<(), AuthError> {
        let head = head(request);
        let unverified = self.scheme.unverified(&head)?;
        verify::check_form(&unverified, self.keys())?;
        if self.scheme.secret_header().is_some() {
            verify::verify(&unverified, &[], self.keys())?;
        }
        self.unsigned_id(&head)?;
        if let Some(time) = unverified.time {
            // Nothing is proven yet, so the response does not say that the delivery was valid once.
            self.check_time(time, || {
                AuthError::invalid_credential("delivery_too_old")
                    .with_message("the time in the request is too far in the past")
            })?;
        }
        read::check_encoding(head.headers)
    }

    pub(super) fn refuse_unread<B>(&self, unread: Unread, request: &Request<B>) -> Response<Bytes> {
        let now = self.clock.now();
        self.room
            .report(unread, self.scheme.name(), now, about(request).path());
        // Nothing about the delivery was proven.
        self.refuse(unread.into_error(), about(request))
    }
}
