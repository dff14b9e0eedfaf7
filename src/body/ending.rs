//! A body that ends with the credential of its caller [13.2].

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::guard::Guard;
use crate::{
    context::{AuthContext, RestingContext},
    ended::Ended,
    event,
};

/// The end of a caller's credential, for a body that passes.
///
/// Nobody is told of the body before it has to wait for its data: a body whose data is there costs no
/// allocation.
pub(crate) struct Ending(State);

enum State {
    Fresh {
        caller: RestingContext,
        of: Of,
        is_polled: bool,
    },
    Watching(Box<Watch>),
}

/// What a body is of.
#[derive(Clone)]
struct Of {
    /// Whether a client reads the status of the response from its trailers.
    is_grpc: bool,
    /// What tells of the end, such as the layer with its providers.
    #[expect(dead_code, reason = "it is held, and dropped")]
    layer: Guard,
}

struct Watch {
    ended: Ended,
    caller: RestingContext,
    of: Of,
    /// What the body holds to its end.
    guard: Option<Guard>,
}

impl Ending {
    pub(crate) fn new(caller: &AuthContext, is_grpc: bool, layer: Guard) -> Self {
        Self(State::Fresh {
            caller: RestingContext::from(caller.clone()),
            of: Of { is_grpc, layer },
            is_polled: false,
        })
    }

    pub(super) fn holding(self, guard: Guard) -> Self {
        let mut watch = match self.0 {
            State::Fresh { caller, of, .. } => watch(caller, of),
            State::Watching(watch) => watch,
        };
        watch.guard = Some(guard);
        Self(State::Watching(watch))
    }

    /// Whether the next frame is not to be passed on. The first frame of a body of known length may be
    /// the whole answer, which the handler gave while the credential counted: it passes unasked.
    pub(super) fn is_over(&mut self, has_known_length: bool) -> bool {
        match &mut self.0 {
            State::Fresh {
                caller, is_polled, ..
            } => {
                let is_first = !std::mem::replace(is_polled, true);
                !(is_first && has_known_length) && caller.to_context().has_ended()
            }
            State::Watching(watch) => watch.ended.is_over(),
        }
    }

    /// Waits for the end, while the body waits for its data.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Fresh { caller, of, .. } = &self.0 {
            self.0 = State::Watching(watch(caller.clone(), of.clone()));
        }
        match &mut self.0 {
            State::Fresh { .. } => Poll::Pending,
            State::Watching(watch) => Pin::new(&mut watch.ended).poll(cx),
        }
    }

    /// Logs the end; answers the trailers that tell of it, where a client looks for them.
    pub(super) fn trailers(&self) -> Option<HeaderMap> {
        let (caller, of) = match &self.0 {
            State::Fresh { caller, of, .. } => (caller, of),
            State::Watching(watch) => (&watch.caller, &watch.of),
        };
        event::stream_ended(&caller.to_context());
        of.is_grpc.then(|| {
            let mut trailers = HeaderMap::with_capacity(2);
            trailers.insert(GRPC_STATUS, HeaderValue::from_static(UNAUTHENTICATED));
            trailers.insert(GRPC_MESSAGE, HeaderValue::from_static(MESSAGE));
            trailers
        })
    }
}

fn watch(caller: RestingContext, of: Of) -> Box<Watch> {
    Box::new(Watch {
        ended: caller.to_context().ended(),
        caller,
        of,
        guard: None,
    })
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ending")
    }
}

/// The error with which a response body ends if the credential of its caller ends before it: see
/// [`AuthLayer::end_streams`](crate::AuthLayer::end_streams).
///
/// # Example
///
/// A layer outside that tells this end from a body that broke:
///
/// ```
/// use tower_auth::CredentialEnded;
///
/// fn is_expected(error: &(dyn std::error::Error + 'static)) -> bool {
///     error.is::<CredentialEnded>() || error.source().is_some_and(is_expected)
/// }
/// assert!(is_expected(&CredentialEnded::default()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CredentialEnded(());

impl fmt::Display for CredentialEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MESSAGE)
    }
}

impl Error for CredentialEnded {}

const MESSAGE: &str = "the credential of the caller has ended";
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const UNAUTHENTICATED: &str = "16";
