//! Telegram: one update of the Bot API per delivery.

use http::HeaderMap;

use super::{Platform, PlatformEvent, empty_answer};
use crate::{
    error::AuthError,
    request::Message,
    webhook::json::{Object, malformed},
};

pub(in crate::webhook) const TELEGRAM: Platform = Platform { read };

fn read(_: &HeaderMap, body: &[u8]) -> Result<PlatformEvent, AuthError> {
    let update = Object::parse(body)?;
    if update.integer("update_id")?.is_none() {
        return Err(malformed("no_update_id"));
    }
    let is_kind = |kind: &&UpdateKind| update.names().any(|name| name.is(kind.name));
    let mut kinds = UPDATE_KINDS.iter().filter(is_kind);
    let mut message = Message::new("telegram");
    if let Some(kind) = kinds.next() {
        if kinds.next().is_some() {
            return Err(malformed("two_kinds_of_update"));
        }
        let content = update
            .object(kind.name)?
            .ok_or_else(|| malformed("empty_update"))?;
        message = kind.read(&content, message)?;
    }
    // A kind that is newer than this list has no sender, so no list lets it in.
    Ok(PlatformEvent::Messages {
        messages: vec![message],
        silent_answer: empty_answer(),
    })
}

struct UpdateKind {
    name: &'static str,
    user: Option<&'static str>,
    chat: Option<&'static str>,
}

impl UpdateKind {
    const fn new(
        name: &'static str,
        user: Option<&'static str>,
        chat: Option<&'static str>,
    ) -> Self {
        Self { name, user, chat }
    }

    fn read(&self, content: &Object<'_>, message: Message) -> Result<Message, AuthError> {
        let mut message = message.with_kind(self.name);
        if let Some(path) = self.chat
            && let Some(id) = content.at(path, Object::integer)?
        {
            message = message.with_chat_id(id);
        }
        // A sender who writes on behalf of a chat is not a person: `from` is a placeholder then.
        let Some(path) = self.user.filter(|_| content.get("sender_chat").is_none()) else {
            return Ok(message);
        };
        let Some(id) = content.at(&format!("{path}.id"), Object::integer)? else {
            return Ok(message);
        };
        if SHARED.contains(&id) {
            return Ok(message);
        }
        message = message.with_user_id(id);
        if let Some(name) = content.at(&format!("{path}.username"), Object::text)? {
            message = message.with_username(name);
        }
        Ok(message)
    }
}

/// GroupAnonymousBot, Channel_Bot, and Telegram itself: none of them is a person.
const SHARED: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];

const FROM: Option<&str> = Some("from");
const USER: Option<&str> = Some("user");
const CHAT: Option<&str> = Some("chat.id");
const UPDATE_KINDS: [UpdateKind; 27] = [
    UpdateKind::new("message", FROM, CHAT),
    UpdateKind::new("edited_message", FROM, CHAT),
    UpdateKind::new("channel_post", None, CHAT),
    UpdateKind::new("edited_channel_post", None, CHAT),
    UpdateKind::new("business_connection", USER, Some("user_chat_id")),
    UpdateKind::new("business_message", FROM, CHAT),
    UpdateKind::new("edited_business_message", FROM, CHAT),
    UpdateKind::new("deleted_business_messages", None, CHAT),
    UpdateKind::new("guest_message", FROM, CHAT),
    UpdateKind::new("stopped_message_generation", None, CHAT),
    UpdateKind::new("message_reaction", USER, CHAT),
    UpdateKind::new("message_reaction_count", None, CHAT),
    UpdateKind::new("inline_query", FROM, None),
    UpdateKind::new("chosen_inline_result", FROM, None),
    // The user who pressed the button; `message.from` is the bot that showed it.
    UpdateKind::new("callback_query", FROM, Some("message.chat.id")),
    UpdateKind::new("shipping_query", FROM, None),
    UpdateKind::new("pre_checkout_query", FROM, None),
    UpdateKind::new("purchased_paid_media", FROM, None),
    UpdateKind::new("poll", None, None),
    UpdateKind::new("poll_answer", USER, None),
    UpdateKind::new("my_chat_member", FROM, CHAT),
    UpdateKind::new("chat_member", FROM, CHAT),
    UpdateKind::new("chat_join_request", FROM, CHAT),
    UpdateKind::new("chat_boost", Some("boost.source.user"), CHAT),
    UpdateKind::new("removed_chat_boost", Some("source.user"), CHAT),
    UpdateKind::new("managed_bot", USER, None),
    UpdateKind::new("subscription", USER, None),
];
