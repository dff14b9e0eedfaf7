//! What a platform's verified body says: who wrote, where, and what must be answered at once.

mod discord;
mod meta;
mod slack;
mod telegram;

use bytes::Bytes;
use http::{HeaderMap, Response};

use crate::{error::AuthError, request::Message};

pub(super) use self::{discord::DISCORD, meta::META, slack::SLACK, telegram::TELEGRAM};

/// How the bodies of one platform are read.
#[derive(Clone, Copy)]
pub(super) struct Platform {
    pub(super) read: fn(&HeaderMap, &[u8]) -> Result<PlatformEvent, AuthError>,
}

/// What the body of a delivery says.
pub(super) enum PlatformEvent {
    /// A question of the platform itself, and its answer.
    Handshake(Response<Bytes>),
    Messages {
        messages: Vec<Message>,
        /// What to answer where a sender is refused: the one answer that keeps the platform from
        /// sending it again.
        silent_answer: Response<Bytes>,
    },
}

/// `200` with nothing in it.
fn empty_answer() -> Response<Bytes> {
    Response::new(Bytes::new())
}
