//! The content of a verified body: sender, chat, and the answers that a platform wants at once.

mod discord;
mod meta;
mod slack;
mod telegram;

use bytes::Bytes;
use http::{HeaderMap, Response};

use crate::{error::AuthError, request::Message};

pub(super) use self::{discord::DISCORD, meta::META, slack::SLACK, telegram::TELEGRAM};

/// The reader for the bodies of one platform.
#[derive(Clone, Copy)]
pub(super) struct Platform {
    pub(super) read: fn(&HeaderMap, &[u8]) -> Result<PlatformEvent, AuthError>,
}

/// The content of a delivery's body.
pub(super) enum PlatformEvent {
    /// A question of the platform itself, and its answer.
    Handshake(Response<Bytes>),
    Messages {
        messages: Vec<Message>,
        /// The answer where a sender is refused: the one answer that keeps the platform from
        /// sending it again.
        silent_answer: Response<Bytes>,
    },
}

/// `200` with nothing in it.
fn empty_answer() -> Response<Bytes> {
    Response::new(Bytes::new())
}
