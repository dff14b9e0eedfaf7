//! The bounds for the bodies that one layer reads: their length, their number, their time.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::Extensions;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    collected::{Collected, Unread},
    deadline::Deadline,
    restored::RestoredBody,
};
use crate::{
    client_limit::{ClientLimiter, Permit},
    log::TARGET,
    request::ClientAddress,
};

/// The bounds of a layer. Its clones share the number of bodies.
#[derive(Clone, Debug)]
pub(crate) struct BodyRoom {
    pub(crate) max_len: usize,
    pub(crate) time_limit: Duration,
    buffers: Arc<ClientLimiter>,
}

impl BodyRoom {
    /// Room for so many bodies at the same time, each of up to 1 MiB and within 10 seconds.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            max_len: MAX_LEN,
            time_limit: TIME_LIMIT,
            buffers: Arc::new(ClientLimiter::new(most)),
        }
    }

    /// Replaces how many bodies are read at the same time.
    pub(crate) fn set_most(&mut self, most: usize) {
        self.buffers = Arc::new(ClientLimiter::new(most));
    }

    /// Whether the declared length of a body is beyond the limit. A client that waits for
    /// `100 Continue` then sends no body.
    pub(crate) fn is_too_long(&self, body: &impl Body) -> bool {
        body.size_hint().lower() > u64::try_from(self.max_len).unwrap_or(u64::MAX)
    }

    /// A buffer for the body of the request with these extensions.
    pub(crate) fn buffer(&self, extensions: &Extensions) -> Result<Permit, Unread> {
        let peer = ClientAddress::of(extensions);
        self.buffers.acquire(peer).ok_or(Unread::NoBuffer)
    }

    /// Logs that bodies got no buffer, once a minute for all of them: callers can cause it at will.
    pub(crate) fn report(&self, unread: Unread, provider: &str, now: u64, path: Option<&str>) {
        if unread == Unread::NoBuffer
            && let Some(refused) = self.buffers.refusals_to_report(now)
        {
            tracing::warn!(
                target: TARGET, outcome = "no_buffer", provider, refused, path,
                "more bodies come in at the same time than are read, or more of one peer than a \
                 quarter; the others are refused with 503 (see `with_max_bodies`)"
            );
        }
    }

    /// Starts to read a body.
    pub(crate) fn read<B>(&self, body: B) -> Reading<B> {
        Reading {
            body,
            collected: Collected::new(self.max_len),
            deadline: Deadline::new(self.time_limit),
        }
    }
}

pin_project! {
    /// A body that is being read.
    pub(crate) struct Reading<B> {
        #[pin]
        body: B,
        collected: Collected,
        deadline: Deadline,
    }
}

impl<B: Body> Future for Reading<B> {
    type Output = Result<RestoredBody, Unread>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.collected.poll(this.body, cx) {
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending => {
                ready!(this.deadline.poll(cx));
                Poll::Ready(Err(Unread::TooSlow))
            }
        }
    }
}

const MAX_LEN: usize = 1024 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(10);
