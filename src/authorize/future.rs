//! The future of an [`AuthorizeService`](super::AuthorizeService)'s response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    ask::{Decision, Question},
    judge::Head,
};
use crate::{AuthError, ResponseBody, answer::Check, grpc, reject::Wording};

pin_project! {
    /// The inner service's response, a refusal, or a check that decides between them.
    pub struct ResponseFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        Inner {
            #[pin]
            future: S::Future,
        },
        Refused {
            response: Option<Response<Bytes>>,
        },
        Checking {
            check: Check<Decision>,
            waiting: Option<Box<Waiting<S, ReqBody>>>,
        },
    }
}

/// What waits for a check: the request, and the inner service that is ready for it.
///
/// It is boxed, as the check is, so that a future that need not wait is not moved about at its size.
struct Waiting<S, ReqBody> {
    question: Question,
    request: Request<ReqBody>,
    service: S,
}

impl<S, ReqBody> ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) fn inner(future: S::Future) -> Self {
        Self {
            state: State::Inner { future },
        }
    }

    pub(super) fn refused(error: &AuthError, asked: &HeaderMap) -> Self {
        Self {
            state: State::refused(error, asked),
        }
    }

    pub(super) fn checking(
        check: Check<Decision>,
        question: Question,
        request: Request<ReqBody>,
        service: S,
    ) -> Self {
        let waiting = Waiting {
            question,
            request,
            service,
        };
        Self {
            state: State::Checking {
                check,
                waiting: Some(Box::new(waiting)),
            },
        }
    }
}

impl<S, ReqBody> State<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    /// As it is where no `AuthLayer` is around: one that is words it anew.
    fn refused(error: &AuthError, asked: &HeaderMap) -> Self {
        let mut response = Wording::plain().respond(error);
        grpc::add_status(&mut response, error, asked);
        Self::Refused {
            response: Some(response),
        }
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Inner { future } => {
                    let response = ready!(future.poll(cx))?;
                    return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                }
                StateProjection::Refused { response } => {
                    let response = response.take().expect(POLLED_AGAIN);
                    return Poll::Ready(Ok(response.map(ResponseBody::refusal)));
                }
                StateProjection::Checking { check, waiting } => {
                    let answer = ready!(Pin::new(check).poll(cx));
                    let Waiting {
                        question,
                        request,
                        mut service,
                    } = *waiting.take().expect(POLLED_AGAIN);
                    Head::of(&request).log(&answer, &question);
                    match answer {
                        Ok(()) => State::Inner {
                            future: service.call(request),
                        },
                        // The inner service is dropped, and with it what it had reserved.
                        Err(error) => State::refused(&error, request.headers()),
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S, ReqBody> fmt::Debug for ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Inner { .. } => "inner",
            State::Refused { .. } => "refused",
            State::Checking { .. } => "checking",
        };
        f.debug_tuple("ResponseFuture").field(&state).finish()
    }
}

// INVARIANT: a future is not polled after it has answered.
const POLLED_AGAIN: &str = "polled after it had answered";
