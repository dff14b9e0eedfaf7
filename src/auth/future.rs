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

use super::core::{Core, Decision, Pending};
use crate::{AuthContext, AuthResult, ResponseBody, answer::Check, reject};

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
            check: Check<AuthResult>,
            waiting: Option<Box<Waiting<S, ReqBody>>>,
        },
    }
}

/// What waits for a check: the request, and the inner service that is ready for it.
///
/// It is boxed, as the check is, so that a future that need not wait is not moved about at its size.
struct Waiting<S, ReqBody> {
    pending: Pending,
    request: Request<ReqBody>,
    service: S,
    core: Arc<Core>,
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
        check: Check<AuthResult>,
        pending: Pending,
        request: Request<ReqBody>,
        service: S,
        core: Arc<Core>,
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
                waiting: Some(Box::new(waiting)),
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
                    let Waiting {
                        core,
                        pending,
                        request,
                        ..
                    } = &mut *waiting;
                    let decision = core.resume(answer, pending, request);
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
    fn go_on(mut self: Box<Self>, decision: Decision) -> State<S, ReqBody> {
        match decision {
            Decision::Pass(context) => {
                let mut this = *self;
                let seal = Seal::enter(this.core, context, &mut this.request);
                let future = this.service.call(this.request);
                State::Inner { future, seal }
            }
            Decision::Refuse(error, gate) => State::Refused {
                response: Some(self.core.render(&error, &gate, &self.request)),
            },
            Decision::Wait(check, pending) => {
                self.pending = pending;
                State::Checking {
                    check,
                    waiting: Some(self),
                }
            }
        }
    }
}

/// What is still to be done to the response of a request that went in.
pub(super) struct Seal {
    core: Arc<Core>,
    context: Option<AuthContext>,
    switch: Option<Switch>,
}

/// How a request asked for a WebSocket that `bearer` was offered for.
#[derive(Clone, Copy)]
enum Switch {
    Upgrade,
    /// Over HTTP/2 it is a `CONNECT`, and its success a 200 (RFC 8441 §5).
    Connect,
}

impl Seal {
    pub(super) fn enter<B>(
        core: Arc<Core>,
        context: Option<AuthContext>,
        request: &mut Request<B>,
    ) -> Self {
        let switch = core.conceal(request).then(|| match *request.method() {
            Method::CONNECT => Switch::Connect,
            _ => Switch::Upgrade,
        });
        Self {
            core,
            context,
            switch,
        }
    }

    /// Inlined, so that the response is moved once, from the inner future to whoever polls.
    #[inline(always)]
    fn close<B>(&self, response: Response<B>) -> Response<ResponseBody<B>> {
        let is_plain = self.context.is_none() && self.switch.is_none();
        if is_plain && reject::unworded(&response).is_none() {
            return response.map(ResponseBody::inner);
        }
        self.amend(response)
    }

    /// What few responses need.
    #[inline(never)]
    fn amend<B>(&self, response: Response<B>) -> Response<ResponseBody<B>> {
        let mut response = match reject::unworded(&response).cloned() {
            Some(error) => self
                .core
                .render_again(&error, &self.core.gate, response)
                .map(ResponseBody::refusal),
            None => response.map(ResponseBody::inner),
        };
        if let Some(context) = &self.context {
            context.add_headers_to(&mut response);
        }
        if let Some(switch) = self.switch {
            switch.select_bearer(&mut response);
        }
        response
    }
}

impl Switch {
    /// Selects `bearer` where the inner service has switched and selected nothing itself.
    fn select_bearer<B>(self, response: &mut Response<B>) {
        let has_switched = match self {
            Self::Upgrade => response.status() == StatusCode::SWITCHING_PROTOCOLS,
            Self::Connect => response.status().is_success(),
        };
        let headers = response.headers_mut();
        if has_switched && !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
            let bearer = HeaderValue::from_static("bearer");
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, bearer);
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
