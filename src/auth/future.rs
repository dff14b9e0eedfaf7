//! The future of an [`AuthService`](super::AuthService)'s response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    core::{Decision, Pending},
    places::Concealed,
    swap::Share,
};
use crate::{AuthContext, ResponseBody, provider::Check, reject};

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
            seal: Seal,
        },
        Refused {
            response: Option<Response<Bytes>>,
        },
        Checking {
            check: Check,
            waiting: Option<Waiting<S, ReqBody>>,
        },
    }
}

/// What waits for a check: the request, and the inner service that is ready for it.
struct Waiting<S, ReqBody> {
    pending: Pending,
    request: Request<ReqBody>,
    service: S,
    core: Arc<Share>,
}

impl<S, ReqBody> ResponseFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) fn inner(future: S::Future, seal: Seal) -> Self {
        Self {
            state: State::Inner { future, seal },
        }
    }

    pub(super) fn refused(response: Response<Bytes>) -> Self {
        Self {
            state: State::Refused {
                response: Some(response),
            },
        }
    }

    pub(super) fn checking(
        check: Check,
        pending: Pending,
        request: Request<ReqBody>,
        service: S,
        core: Arc<Share>,
    ) -> Self {
        let waiting = Waiting {
            pending,
            request,
            service,
            core,
        };
        Self {
            state: State::Checking {
                check,
                waiting: Some(waiting),
            },
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
                StateProjection::Inner { future, seal } => {
                    let response = ready!(future.poll(cx))?;
                    return Poll::Ready(Ok(seal.close(response)));
                }
                StateProjection::Refused { response } => {
                    let response = response.take().expect(POLLED_AGAIN);
                    return Poll::Ready(Ok(response.map(ResponseBody::refusal)));
                }
                StateProjection::Checking { check, waiting } => {
                    let answer = ready!(Pin::new(check).poll(cx));
                    let mut waiting = waiting.take().expect(POLLED_AGAIN);
                    let decision =
                        waiting
                            .core
                            .resume(answer, &waiting.pending, &mut waiting.request);
                    waiting.go_on(decision)
                }
            };
            state.set(next);
        }
    }
}

impl<S, ReqBody> Waiting<S, ReqBody>
where
    S: Service<Request<ReqBody>>,
{
    /// A refusal drops the inner service, and with it what it had reserved.
    fn go_on(self, decision: Decision) -> State<S, ReqBody> {
        let Self {
            mut request,
            mut service,
            core,
            ..
        } = self;
        match decision {
            Decision::Pass(context) => {
                let seal = Seal::enter(core, context, &mut request);
                let future = service.call(request);
                State::Inner { future, seal }
            }
            Decision::Refuse(error, gate) => State::Refused {
                response: Some(core.render(&error, &gate, &request)),
            },
            Decision::Wait(check, pending) => State::Checking {
                check,
                waiting: Some(Self {
                    pending,
                    request,
                    service,
                    core,
                }),
            },
        }
    }
}

/// What is still to be done to the response of a request that went in.
pub(super) struct Seal {
    core: Arc<Share>,
    context: Option<AuthContext>,
    concealed: Concealed,
    /// A WebSocket over HTTP/2 is a `CONNECT`, and its success a 200 (RFC 8441 §5).
    is_connect: bool,
}

impl Seal {
    pub(super) fn enter<B>(
        core: Arc<Share>,
        context: Option<AuthContext>,
        request: &mut Request<B>,
    ) -> Self {
        let concealed = core.conceal(request);
        Self {
            core,
            context,
            concealed,
            is_connect: *request.method() == Method::CONNECT,
        }
    }

    fn close<B>(&self, response: Response<B>) -> Response<ResponseBody<B>> {
        let mut response = match reject::unworded(&response).cloned() {
            Some(error) => self
                .core
                .render_again(
                    &error,
                    &self.core.gate,
                    response,
                    self.concealed.speaks_grpc,
                )
                .map(ResponseBody::refusal),
            None => response.map(ResponseBody::inner),
        };
        let extra = self
            .context
            .as_ref()
            .and_then(AuthContext::response_headers);
        for (name, value) in extra.into_iter().flatten() {
            response.headers_mut().append(name, value.clone());
        }
        let has_switched = match self.is_connect {
            true => response.status().is_success(),
            false => response.status() == StatusCode::SWITCHING_PROTOCOLS,
        };
        if self.concealed.offered_bearer
            && has_switched
            && !response
                .headers()
                .contains_key(header::SEC_WEBSOCKET_PROTOCOL)
        {
            response.headers_mut().insert(
                header::SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static("bearer"),
            );
        }
        response
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
