//! The future of a [`WebhookService`](super::WebhookService)'s response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    body::{Collected, RestoredBody, Unread},
    buffers::{Buffer, Deadline},
    core::{Admitted, Core, Verdict},
    once::Reservation,
};
use crate::{AuthContext, ResponseBody};

pin_project! {
    /// Reads the body, judges it, and then is the inner service's response or an answer of the
    /// layer's own.
    pub struct ResponseFuture<S, ReqBody>
    where
        S: Service<Request<RestoredBody>>,
    {
        #[pin]
        state: State<S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody>
    where
        S: Service<Request<RestoredBody>>,
    {
        Reading {
            #[pin]
            body: ReqBody,
            collected: Collected,
            deadline: Deadline,
            buffer: Option<Buffer>,
            waiting: Option<Waiting<S>>,
        },
        Judging {
            judgement: Judgement,
            service: Option<S>,
        },
        Inner {
            #[pin]
            future: S::Future,
            reservation: Option<Reservation>,
            context: Option<AuthContext>,
        },
        Answered {
            response: Option<Response<Bytes>>,
        },
    }
}

/// What waits for a body: the head, and the inner service that is ready for it.
struct Waiting<S> {
    parts: Parts,
    service: S,
    core: Arc<Core>,
}

/// A verdict in the making, with the request it is about.
type Judgement = Pin<Box<dyn Future<Output = (Verdict, Request<RestoredBody>)> + Send>>;

impl<S, ReqBody> ResponseFuture<S, ReqBody>
where
    S: Service<Request<RestoredBody>>,
{
    pub(super) fn answered(response: Response<Bytes>) -> Self {
        Self {
            state: State::Answered {
                response: Some(response),
            },
        }
    }

    pub(super) fn reading(
        body: ReqBody,
        buffer: Buffer,
        parts: Parts,
        service: S,
        core: Arc<Core>,
    ) -> Self {
        Self {
            state: State::Reading {
                body,
                collected: Collected::new(core.max_body_len),
                deadline: Deadline::new(core.body_time_limit),
                buffer: Some(buffer),
                waiting: Some(Waiting {
                    parts,
                    service,
                    core,
                }),
            },
        }
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody>
where
    S: Service<Request<RestoredBody>, Response = Response<ResBody>>,
    ReqBody: Body,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Reading {
                    body,
                    collected,
                    deadline,
                    buffer,
                    waiting,
                } => {
                    let read = match collected.poll(body, cx) {
                        Poll::Ready(read) => read,
                        Poll::Pending => {
                            ready!(deadline.poll(cx));
                            Err(Unread::TooSlow)
                        }
                    };
                    let Waiting {
                        parts,
                        service,
                        core,
                    } = waiting.take().expect(POLLED_AGAIN);
                    match read {
                        Ok(body) => State::Judging {
                            judgement: Box::pin(judge(core, parts, body, buffer.take())),
                            service: Some(service),
                        },
                        // The inner service is dropped, and with it what it had reserved.
                        Err(unread) => State::Answered {
                            response: Some(core.refuse_unread(unread, &parts)),
                        },
                    }
                }
                StateProjection::Judging { judgement, service } => {
                    let (verdict, request) = ready!(judgement.as_mut().poll(cx));
                    let service = service.take().expect(POLLED_AGAIN);
                    enter(verdict, request, service)
                }
                StateProjection::Inner {
                    future,
                    reservation,
                    context,
                } => {
                    let mut response = ready!(future.poll(cx))?;
                    let status = response.status();
                    // Anything else is a failure: dropped, it lets the next attempt in.
                    if let Some(reservation) = reservation.take()
                        && (status.is_success() || status.is_redirection())
                    {
                        reservation.keep();
                    }
                    if let Some(context) = context {
                        context.add_headers_to(&mut response);
                    }
                    return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                }
                StateProjection::Answered { response } => {
                    let response = response.take().expect(POLLED_AGAIN);
                    return Poll::Ready(Ok(response.map(ResponseBody::refusal)));
                }
            };
            state.set(next);
        }
    }
}

async fn judge(
    core: Arc<Core>,
    parts: Parts,
    body: RestoredBody,
    buffer: Option<Buffer>,
) -> (Verdict, Request<RestoredBody>) {
    let verdict = core.judge(&parts, body.as_bytes(), buffer).await;
    (verdict, Request::from_parts(parts, body))
}

fn enter<S, ReqBody>(
    verdict: Verdict,
    mut request: Request<RestoredBody>,
    mut service: S,
) -> State<S, ReqBody>
where
    S: Service<Request<RestoredBody>>,
{
    let Admitted {
        context,
        message,
        reservation,
    } = match verdict {
        Verdict::Enter(admitted) => admitted,
        Verdict::Answer(response) => {
            return State::Answered {
                response: Some(response),
            };
        }
    };
    let kept = context.response_headers().map(|_| context.clone());
    let extensions = request.extensions_mut();
    extensions.insert(context);
    if let Some(message) = message {
        extensions.insert(message);
    }
    State::Inner {
        future: service.call(request),
        reservation,
        context: kept,
    }
}

impl<S, ReqBody> fmt::Debug for ResponseFuture<S, ReqBody>
where
    S: Service<Request<RestoredBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Reading { .. } => "reading",
            State::Judging { .. } => "judging",
            State::Inner { .. } => "inner",
            State::Answered { .. } => "answered",
        };
        f.debug_tuple("ResponseFuture").field(&state).finish()
    }
}

// INVARIANT: a future is not polled after it has answered.
const POLLED_AGAIN: &str = "polled after it had answered";
