//! Discord: interactions, and the events of an application.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::{Platform, PlatformEvent};
use crate::{
    error::AuthError,
    request::Message,
    webhook::{
        json::{Object, malformed},
        reply::{JSON, short_answer},
    },
};

pub(in crate::webhook) const DISCORD: Platform = Platform { read };

fn read(_: &HeaderMap, body: &[u8]) -> Result<PlatformEvent, AuthError> {
    let body = Object::parse(body)?;
    let Some(kind) = body.integer("type")? else {
        return Err(malformed("no_type"));
    };
    let interaction = match (kind, body.object("event")?) {
        (0, _) => return Ok(PlatformEvent::Handshake(no_content())),
        (1, Some(event)) => return read_event(&event),
        (1, None) => {
            let pong = short_answer(StatusCode::OK, JSON, r#"{"type":1}"#);
            return Ok(PlatformEvent::Handshake(pong));
        }
        (2, None) => ("application_command", OBJECTION),
        (3, None) => ("message_component", OBJECTION),
        // A list of suggestions cannot hold a text.
        (4, None) => ("application_command_autocomplete", NO_SUGGESTION),
        (5, None) => ("modal_submit", OBJECTION),
        _ => return Err(malformed("unknown_type")),
    };
    let (kind, objection) = interaction;
    let message = read_interaction(&body, Message::new("discord").with_kind(kind))?;
    let silent_answer = short_answer(StatusCode::OK, JSON, objection);
    Ok(PlatformEvent::Messages {
        messages: vec![message],
        silent_answer,
    })
}

/// The acting user: the member in a guild, the user elsewhere. Mentioned users and the author of a
/// message that is acted on do not count.
fn read_interaction(body: &Object<'_>, mut message: Message) -> Result<Message, AuthError> {
    let member = body.object("member")?;
    let user = match (&member, body.object("user")?) {
        (Some(_), Some(_)) => return Err(malformed("member_and_user")),
        (Some(member), None) => member.object("user")?,
        (None, user) => user,
    };
    if let Some(user) = user {
        message = name_user(message, &user)?;
    }
    let chat = match (id(body, "channel_id")?, body.at("channel.id", id)?) {
        (Some(one), Some(other)) if one != other => return Err(malformed("two_channels")),
        (Some(chat), _) | (None, Some(chat)) => chat,
        (None, None) => return Ok(message),
    };
    Ok(message.with_chat_id(chat))
}

fn read_event(event: &Object<'_>) -> Result<PlatformEvent, AuthError> {
    let kind = event
        .text("type")?
        .ok_or_else(|| malformed("no_event_type"))?;
    let mut message = Message::new("discord").with_kind(&*kind);
    if kind == "APPLICATION_AUTHORIZED"
        && let Some(data) = event.object("data")?
        && let Some(user) = data.object("user")?
    {
        message = name_user(message, &user)?;
    }
    Ok(PlatformEvent::Messages {
        messages: vec![message],
        silent_answer: no_content(),
    })
}

fn name_user(mut message: Message, user: &Object<'_>) -> Result<Message, AuthError> {
    let Some(id) = id(user, "id")? else {
        return Ok(message);
    };
    message = message.with_user_id(id);
    if let Some(name) = user.text("username")? {
        message = message.with_username(name);
    }
    Ok(message)
}

/// An id, which Discord writes as a decimal text; any other form is not Discord's.
fn id(object: &Object<'_>, name: &str) -> Result<Option<u64>, AuthError> {
    let Some(text) = object.text(name)? else {
        return Ok(None);
    };
    let id: u64 = text.parse().map_err(|_| malformed("id_not_decimal"))?;
    if id.to_string() != *text {
        return Err(malformed("id_not_decimal"));
    }
    Ok(Some(id))
}

/// The response that Discord expects where there is nothing to say.
fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A text that only the sender sees and that notifies nobody.
const OBJECTION: &str = r#"{"type":4,"data":{"content":"You are not on the list of those who may use this.","flags":64,"allowed_mentions":{"parse":[]}}}"#;
const NO_SUGGESTION: &str = r#"{"type":8,"data":{"choices":[]}}"#;
