//! A body that ends with the credential of its caller [13.2].

use std::{
    error::Error,
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::guard::Guard;
use crate::{
    context::{AuthContext, Ended, RestingContext, Revoker},
    event,
};

/// The end of a caller's credential, for a body that passes.
///
/// Nobody is told of the body before it has to wait for its data: a body whose data is there costs no
/// allocation.
pub(crate) struct Ending {
    state: State,
    /// What the body holds to its end.
    #[expect(dead_code, reason = "it is held, and dropped")]
    guard: Option<Box<Guard>>,
}

enum State {
    Fresh(Fresh),
    Watching(Box<Watch>),
}

/// What a body has before it waits.
struct Fresh {
    caller: RestingContext,
    /// The layer tells of the end, with its providers.
    layer: Arc<dyn EndsStreams>,
    is_grpc: bool,
    is_polled: bool,
}

struct Watch {
    ended: Ended,
    /// Whether a client reads the status of the response from its trailers.
    is_grpc: bool,
}

/// A layer whose bodies end with the credentials of their callers.
pub(crate) trait EndsStreams: Send + Sync {
    /// The revocations that the layer holds its callers to.
    fn revoker(&self) -> Option<&Arc<Revoker>>;
}

impl Fresh {
    fn caller(&self) -> AuthContext {
        let mut caller = self.caller.to_context();
        caller.set_revoker(self.layer.revoker());
        caller
    }

    fn watch(&self) -> Box<Watch> {
        let mut ended = self.caller().ended();
        // It keeps what tells of the end, and so the layer need not be kept.
        ended.is_over();
        Box::new(Watch {
            ended,
            is_grpc: self.is_grpc,
        })
    }
}

impl Ending {
    pub(crate) fn new(caller: &AuthContext, is_grpc: bool, layer: Arc<dyn EndsStreams>) -> Self {
        Self {
            state: State::Fresh(Fresh {
                caller: RestingContext::from(caller.clone()),
                layer,
                is_grpc,
                is_polled: false,
            }),
            guard: None,
        }
    }

    pub(super) fn holding(self, guard: Guard) -> Self {
        Self {
            guard: Some(Box::new(guard)),
            ..self
        }
    }

    /// Whether the next frame is not to be passed on. The first frame of a body of known length may be
    /// the whole answer, which the handler gave while the credential counted: it passes unasked.
    pub(super) fn is_over(&mut self, has_known_length: bool) -> bool {
        if let State::Fresh(fresh) = &mut self.state {
            let is_first = !mem::replace(&mut fresh.is_polled, true);
            if is_first && has_known_length {
                return false;
            }
            match fresh.caller().has_ended() {
                Some(has_ended) => return has_ended,
                // It has to be asked for, though the body may never wait.
                None => self.state = State::Watching(fresh.watch()),
            }
        }
        match &mut self.state {
            State::Fresh(_) => false,
            State::Watching(watch) => watch.ended.is_over(),
        }
    }

    /// Waits for the end, while the body waits for its data.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Fresh(fresh) = &self.state {
            self.state = State::Watching(fresh.watch());
        }
        match &mut self.state {
            State::Fresh(_) => Poll::Pending,
            State::Watching(watch) => Pin::new(&mut watch.ended).poll(cx),
        }
    }

    /// Logs the end; answers the trailers that tell of it, where a client looks for them.
    pub(super) fn trailers(&self) -> Option<HeaderMap> {
        let (caller, is_grpc) = match &self.state {
            State::Fresh(fresh) => (&fresh.caller, fresh.is_grpc),
            State::Watching(watch) => (watch.ended.caller(), watch.is_grpc),
        };
        event::stream_ended(&caller.to_context());
        is_grpc.then(|| {
            let mut trailers = HeaderMap::with_capacity(2);
            trailers.insert(GRPC_STATUS, HeaderValue::from_static(UNAUTHENTICATED));
            trailers.insert(GRPC_MESSAGE, HeaderValue::from_static(MESSAGE));
            trailers
        })
    }
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
