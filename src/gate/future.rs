//! The future of a [`GateService`](super::GateService)'s response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::contract::{Entered, Gate};
use crate::body::ResponseBody;

pin_project! {
    /// The inner service's response, a refusal, or a wait that decides between them.
    pub struct ResponseFuture<S, G, ReqBody>
    where
        G: Gate<ReqBody>,
        S: Service<Request<G::Forwarded>>,
    {
        #[pin]
        state: State<S, G, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, G, ReqBody>
    where
        G: Gate<ReqBody>,
        S: Service<Request<G::Forwarded>>,
    {
        Inner {
            #[pin]
            future: S::Future,
            entered: G::Entered,
        },
        Refused {
            response: Option<Response<Bytes>>,
        },
        Waiting {
            // Boxed, so that a future that need not wait is not moved about at its size.
            held: Pin<Box<HeldService<S, G::Waiting>>>,
        },
    }
}

pin_project! {
    /// The inner service that is ready, held while a request waits.
    struct HeldService<S, W> {
        #[pin]
        waiting: W,
        service: Option<S>,
    }
}

impl<S, G, ReqBody> ResponseFuture<S, G, ReqBody>
where
    G: Gate<ReqBody>,
    S: Service<Request<G::Forwarded>>,
{
    #[inline]
    pub(super) fn inner(future: S::Future, entered: G::Entered) -> Self {
        Self {
            state: State::Inner { future, entered },
        }
    }

    pub(super) fn refused(response: Response<Bytes>) -> Self {
        Self {
            state: State::Refused {
                response: Some(response),
            },
        }
    }

    pub(super) fn waiting(waiting: G::Waiting, service: S) -> Self {
        Self {
            state: State::Waiting {
                held: Box::pin(HeldService {
                    waiting,
                    service: Some(service),
                }),
            },
        }
    }
}

impl<S, G, ReqBody, ResBody> Future for ResponseFuture<S, G, ReqBody>
where
    G: Gate<ReqBody>,
    S: Service<Request<G::Forwarded>, Response = Response<ResBody>>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Inner { future, entered } => {
                    let response = ready!(future.poll(cx))?;
                    return Poll::Ready(Ok(entered.close(response)));
                }
                StateProjection::Refused { response } => {
                    let response = response.take().expect(POLLED_AGAIN);
                    return Poll::Ready(Ok(response.map(ResponseBody::own)));
                }
                StateProjection::Waiting { held } => {
                    let held = held.as_mut().project();
                    match ready!(held.waiting.poll(cx)) {
                        Ok((request, entered)) => {
                            let mut service = held.service.take().expect(POLLED_AGAIN);
                            State::Inner {
                                future: service.call(request),
                                entered,
                            }
                        }
                        // The inner service is dropped, and with it what it had reserved.
                        Err(response) => State::Refused {
                            response: Some(response),
                        },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S, G, ReqBody> fmt::Debug for ResponseFuture<S, G, ReqBody>
where
    G: Gate<ReqBody>,
    S: Service<Request<G::Forwarded>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Inner { .. } => "inner",
            State::Refused { .. } => "refused",
            State::Waiting { .. } => "waiting",
        };
        f.debug_tuple("ResponseFuture").field(&state).finish()
    }
}

// INVARIANT: a future is not polled after it has answered.
const POLLED_AGAIN: &str = "polled after it had answered";
