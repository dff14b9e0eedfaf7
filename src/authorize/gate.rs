//! The gate that asks for a caller's permission.
#![expect(
    missing_debug_implementations,
    reason = "nobody outside this crate can name what a gate waits for, or what it leaves to do"
)]

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};

use super::{
    ask::{Decision, PendingQuery},
    judge::{Head, Judge, Judged},
};
use crate::{
    answer::Check,
    error::AuthError,
    gate::{self, Entry, Gate, GateService, Named, Step},
    refusal::{Wording, add_grpc_status},
};

/// Asks for the caller's permission before the inner service runs: the service of an
/// [`AuthorizeLayer`](super::AuthorizeLayer) and of the other authorization layers.
pub type AuthorizeService<S> = GateService<S, AuthorizeGate>;

/// The future of an [`AuthorizeService`]'s response.
pub type ResponseFuture<S, ReqBody> = gate::ResponseFuture<S, AuthorizeGate, ReqBody>;

/// The gate of an [`AuthorizeService`], and of an [`AuthorizeLayer`](super::AuthorizeLayer).
#[derive(Clone)]
pub struct AuthorizeGate {
    judge: Arc<dyn Judge>,
}

impl AuthorizeGate {
    pub(super) fn service<S>(inner: S, judge: Arc<dyn Judge>) -> AuthorizeService<S> {
        GateService::new(inner, Self { judge })
    }
}

impl fmt::Debug for AuthorizeGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeGate").finish_non_exhaustive()
    }
}

impl Named for AuthorizeGate {
    const SERVICE: &'static str = "AuthorizeService";
}

impl<B> Gate<B> for AuthorizeGate {
    type Forwarded = B;
    type Passed = ();
    type Entered = ();
    type Pending = AuthorizePending;
    type Waiting = AuthorizeWaiting<B>;

    fn decide(&self, request: &mut Request<B>) -> Step<(), AuthorizePending> {
        match self.judge.judge(Head::of(request)) {
            Judged::Answered(Ok(())) => Step::Pass(()),
            Judged::Answered(Err(error)) => Step::Refuse(refusal(&error, request.headers())),
            Judged::Waiting(check, query) => Step::Wait(AuthorizePending { check, query }),
        }
    }

    #[inline]
    fn forward(request: Request<B>, (): &()) -> Request<B> {
        request
    }

    fn wait(pending: AuthorizePending, request: Request<B>) -> AuthorizeWaiting<B> {
        AuthorizeWaiting {
            pending,
            request: Some(request),
        }
    }
}

/// A pending answer of an authorizer.
pub struct AuthorizePending {
    check: Check<Decision>,
    query: PendingQuery,
}

/// A request that waits for an authorizer's answer.
pub struct AuthorizeWaiting<B> {
    pending: AuthorizePending,
    request: Option<Request<B>>,
}

/// No field is pinned: the body is not polled here.
impl<B> Unpin for AuthorizeWaiting<B> {}

impl<B> Future for AuthorizeWaiting<B> {
    type Output = Entry<B, ()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.pending.check).poll(cx));
        // INVARIANT: a future is not polled after it has answered.
        let request = self.request.take().expect("polled after it had answered");
        Head::of(&request).log(&answer, &self.pending.query);
        Poll::Ready(match answer {
            Ok(()) => Ok((request, ())),
            Err(error) => Err(refusal(&error, request.headers())),
        })
    }
}

/// Renders a refusal as without an `AuthLayer`; an `AuthLayer` around it renders it again.
fn refusal(error: &AuthError, asked: &HeaderMap) -> Response<Bytes> {
    let mut response = Wording::plain().respond(error);
    add_grpc_status(&mut response, error, asked);
    response
}
