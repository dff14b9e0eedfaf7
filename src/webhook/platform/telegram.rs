//! Telegram: one update of the Bot API per delivery.

use http::HeaderMap;

use super::{Heard, Platform, silence};
use crate::{
    error::AuthError,
    request::Message,
    webhook::json::{Object, malformed},
};

pub(in crate::webhook) const TELEGRAM: Platform = Platform { read };

fn read(_: &HeaderMap, body: &[u8]) -> Result<Heard, AuthError> {
    let update = Object::parse(body)?;
    if update.integer("update_id")?.is_none() {
        return Err(malformed("no_update_id"));
    }
    let is_kind = |kind: &&Kind| update.names().any(|name| name.is(kind.name));
    let mut kinds = KINDS.iter().filter(is_kind);
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
    // A kind that is newer than this list has no sender: nobody who is on a list wrote it.
    Ok(Heard::Event(vec![message], silence()))
}

struct Kind {
    name: &'static str,
    user: Option<&'static str>,
    chat: Option<&'static str>,
}

impl Kind {
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
        // Whoever writes on behalf of a chat is nobody: `from` is a stand-in then.
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

/// GroupAnonymousBot, Channel_Bot, and Telegram itself: whoever they speak for, it is no person.
const SHARED: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];

const FROM: Option<&str> = Some("from");
const USER: Option<&str> = Some("user");
const CHAT: Option<&str> = Some("chat.id");
const KINDS: [Kind; 27] = [
    Kind::new("message", FROM, CHAT),
    Kind::new("edited_message", FROM, CHAT),
    Kind::new("channel_post", None, CHAT),
    Kind::new("edited_channel_post", None, CHAT),
    Kind::new("business_connection", USER, Some("user_chat_id")),
    Kind::new("business_message", FROM, CHAT),
    Kind::new("edited_business_message", FROM, CHAT),
    Kind::new("deleted_business_messages", None, CHAT),
    Kind::new("guest_message", FROM, CHAT),
    Kind::new("stopped_message_generation", None, CHAT),
    Kind::new("message_reaction", USER, CHAT),
    Kind::new("message_reaction_count", None, CHAT),
    Kind::new("inline_query", FROM, None),
    Kind::new("chosen_inline_result", FROM, None),
    // Who pressed the button; `message.from` is the bot that showed it.
    Kind::new("callback_query", FROM, Some("message.chat.id")),
    Kind::new("shipping_query", FROM, None),
    Kind::new("pre_checkout_query", FROM, None),
    Kind::new("purchased_paid_media", FROM, None),
    Kind::new("poll", None, None),
    Kind::new("poll_answer", USER, None),
    Kind::new("my_chat_member", FROM, CHAT),
    Kind::new("chat_member", FROM, CHAT),
    Kind::new("chat_join_request", FROM, CHAT),
    Kind::new("chat_boost", Some("boost.source.user"), CHAT),
    Kind::new("removed_chat_boost", Some("source.user"), CHAT),
    Kind::new("managed_bot", USER, None),
    Kind::new("subscription", USER, None),
];
