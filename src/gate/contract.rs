//! The contract of a gate: its decision, and its changes to the response of a request it let in.
#![expect(
    missing_debug_implementations,
    reason = "nobody outside this crate can name what a gate waits for, or what it leaves to do"
)]

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

use crate::body::ResponseBody;

/// The decision of a layer of this crate about requests with a body of type `B`.
///
/// The trait is sealed. Its implementations are the gates of this crate's own layers.
pub trait Gate<B>: Named {
    /// The body that the inner service gets: the one that came, or one that was read and given back.
    type Forwarded;

    /// A decision at once to let the request in.
    #[doc(hidden)]
    type Passed: Into<Self::Entered>;

    /// The changes to make to the response of a request that was let in.
    #[doc(hidden)]
    type Entered: Entered;

    /// The answer that a request has to wait for.
    #[doc(hidden)]
    type Pending;

    /// The wait, with the request that waits.
    #[doc(hidden)]
    type Waiting: Future<Output = Entry<Self::Forwarded, Self::Entered>>;

    /// Decides as far as that can be done at once. Whatever is edited in the request is edited here,
    /// or at the end of the wait.
    #[doc(hidden)]
    fn decide(&self, request: &mut Request<B>) -> Step<Self::Passed, Self::Pending>;

    /// The request as the inner service gets it, where it was let in at once.
    #[doc(hidden)]
    fn forward(request: Request<B>, passed: &Self::Passed) -> Request<Self::Forwarded>;

    /// Starts to wait.
    #[doc(hidden)]
    fn wait(pending: Self::Pending, request: Request<B>) -> Self::Waiting;
}

/// A gate's service has a name of its own. Nobody outside this crate can name this trait, which
/// seals [`Gate`].
pub trait Named {
    /// As `Debug` shows the service.
    const SERVICE: &'static str;
}

/// The decision of a gate, as far as it can be made at once.
pub enum Step<P, W> {
    Pass(P),
    Refuse(Response<Bytes>),
    Wait(W),
}

/// The result of a wait: the request that goes in and the changes to make to its response, or a
/// refusal.
pub(crate) type Entry<B, E> = Result<(Request<B>, E), Response<Bytes>>;

/// The changes to make to the response of a request that was let in. They touch the response only.
pub trait Entered {
    fn close<B>(&mut self, response: Response<B>) -> Response<ResponseBody<B>>;
}

/// No change.
impl Entered for () {
    #[inline]
    fn close<B>(&mut self, response: Response<B>) -> Response<ResponseBody<B>> {
        response.map(ResponseBody::passed)
    }
}
