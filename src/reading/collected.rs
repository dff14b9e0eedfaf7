//! The part of a body that has been read, within a limit.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;

use super::restored::RestoredBody;
use crate::error::AuthError;

/// The reason why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLong,
    TooSlow,
    /// No buffer is left, in total or for this peer.
    NoBuffer,
    /// The client stopped half-way, or sent a malformed body.
    Broken,
}

impl Unread {
    /// The refusal of a request whose body could not be read. Callers can cause it at will.
    pub(crate) fn into_error(self) -> AuthError {
        let error = match self {
            Self::NoBuffer => AuthError::unavailable("too many bodies are being read")
                .with_reason("too_many_bodies"),
            Self::TooSlow => AuthError::unavailable("the body did not come in time")
                .with_reason("body_too_slow")
                .with_message("the body took too long"),
            Self::TooLong => AuthError::payload_too_large("body_too_long"),
            Self::Broken => AuthError::invalid_request("body_broken_off")
                .with_message("the body could not be read to its end"),
        };
        error.caused_by_callers()
    }
}

/// The part of a body that has been read.
#[derive(Debug)]
pub(super) struct Collected {
    limit: usize,
    first: Bytes,
    /// The whole body, as soon as it comes in more than one piece: a body in single bytes must not
    /// cost a handle for each.
    joined: BytesMut,
    trailers: Option<HeaderMap>,
}

impl Collected {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            first: Bytes::new(),
            joined: BytesMut::new(),
            trailers: None,
        }
    }

    /// Reads on until the body ends.
    pub(super) fn poll<B: Body>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<RestoredBody, Unread>> {
        let left = self.limit.saturating_sub(self.len());
        if body.size_hint().lower() > u64::try_from(left).unwrap_or(u64::MAX) {
            return Poll::Ready(Err(Unread::TooLong));
        }
        for _ in 0..FRAMES_AT_ONCE {
            match ready!(body.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(Ok(self.take())),
                Some(Err(_)) => return Poll::Ready(Err(Unread::Broken)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        if data.remaining() > self.limit.saturating_sub(self.len()) {
                            return Poll::Ready(Err(Unread::TooLong));
                        }
                        self.add(data);
                    }
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
            }
        }
        // An endless stream of empty frames must not keep the time limit from being checked, nor block
        // the other tasks of the thread.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn add(&mut self, mut data: impl Buf) {
        if self.len() == 0 {
            self.first = data.copy_to_bytes(data.remaining());
            return;
        }
        if self.joined.is_empty() {
            let first = std::mem::take(&mut self.first);
            self.joined.extend_from_slice(&first);
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            self.joined.extend_from_slice(chunk);
            let read = chunk.len();
            data.advance(read);
        }
    }

    fn len(&self) -> usize {
        self.first.len().max(self.joined.len())
    }

    fn take(&mut self) -> RestoredBody {
        let bytes = if self.joined.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.joined).freeze()
        };
        RestoredBody::new(bytes, self.trailers.take())
    }
}

const FRAMES_AT_ONCE: usize = 256;
