//! Slack: events, slash commands, buttons and forms.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode, header};

use super::{Platform, PlatformEvent, empty_answer};
use crate::{
    error::AuthError,
    jose::json::Value,
    request::Message,
    webhook::{
        json::{Object, malformed},
        reply::{PLAIN, short_answer},
    },
};

pub(in crate::webhook) const SLACK: Platform = Platform { read };

fn read(headers: &HeaderMap, body: &[u8]) -> Result<PlatformEvent, AuthError> {
    // The signed bytes decide: the content type is not signed, so it may only agree.
    let is_json = body.trim_ascii_start().first() == Some(&b'{');
    if !content_type_agrees(headers, is_json) {
        return Err(malformed("content_type_of_another_body"));
    }
    if is_json {
        return read_event(&Object::parse(body)?);
    }
    let form = Form::parse(body)?;
    let message = match form.only("payload")? {
        Some(payload) => read_interaction(&Object::parse(payload.as_bytes())?)?,
        None => read_command(&form)?,
    };
    Ok(PlatformEvent::Messages {
        messages: vec![message],
        silent_answer: empty_answer(),
    })
}

fn content_type_agrees(headers: &HeaderMap, is_json: bool) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let essence = value.as_bytes().split(|&byte| byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    if is_json {
        !essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    } else {
        !essence.eq_ignore_ascii_case(b"application/json")
    }
}

fn read_event(body: &Object<'_>) -> Result<PlatformEvent, AuthError> {
    let kind = body.text("type")?.ok_or_else(|| malformed("no_type"))?;
    if kind == "url_verification" {
        let challenge = body
            .text("challenge")?
            .ok_or_else(|| malformed("no_challenge"))?;
        let answer = short_answer(StatusCode::OK, PLAIN, challenge.into_owned());
        return Ok(PlatformEvent::Handshake(answer));
    }
    let mut message = Message::new("slack").with_kind(&*kind);
    if kind == "event_callback" {
        let event = body.object("event")?.ok_or_else(|| malformed("no_event"))?;
        if let Some(kind) = event.text("type")? {
            message = message.with_kind(&*kind);
        }
        if let Some(user) = sender(&event)? {
            message = message.with_user_id(user);
        }
        if let Some(chat) = channel(&event)? {
            message = message.with_chat_id(chat);
        }
    }
    Ok(PlatformEvent::Messages {
        messages: vec![message],
        silent_answer: empty_answer(),
    })
}

/// A user's id, or a bot's.
fn sender<'a>(event: &Object<'a>) -> Result<Option<Cow<'a, str>>, AuthError> {
    if event.text("subtype")?.as_deref() == Some("message_changed") {
        return editor(event);
    }
    match text_or_id(event, "user")? {
        Some(user) => Ok(Some(user)),
        None => id(event, "bot_id"),
    }
}

/// The sender of a changed message: its author, unless another user is named as the editor. With two
/// names, the text is of one and the act of the other, so there is no sender.
fn editor<'a>(event: &Object<'a>) -> Result<Option<Cow<'a, str>>, AuthError> {
    let Some(author) = event.at("message.user", id)? else {
        return Ok(None);
    };
    for other in [
        text_or_id(event, "user")?,
        event.at("message.edited.user", id)?,
        event.at("previous_message.user", id)?,
    ] {
        if other.is_some_and(|other| other != author) {
            return Ok(None);
        }
    }
    Ok(Some(author))
}

fn channel<'a>(event: &Object<'a>) -> Result<Option<Cow<'a, str>>, AuthError> {
    if let Some(channel) = text_or_id(event, "channel")? {
        return Ok(Some(channel));
    }
    for path in ["channel_id", "item.channel", "assistant_thread.channel_id"] {
        if let Some(channel) = event.at(path, id)? {
            return Ok(Some(channel));
        }
    }
    Ok(None)
}

fn read_interaction(payload: &Object<'_>) -> Result<Message, AuthError> {
    let kind = payload.text("type")?.ok_or_else(|| malformed("no_type"))?;
    let mut message = Message::new("slack").with_kind(kind);
    if let Some(user) = payload.at("user.id", id)? {
        message = message.with_user_id(user);
    }
    for name in ["user.username", "user.name"] {
        if message.username().is_none()
            && let Some(name) = payload.at(name, Object::text)?
        {
            message = message.with_username(name);
        }
    }
    for path in ["channel.id", "container.channel_id"] {
        if message.chat_id().is_none()
            && let Some(chat) = payload.at(path, id)?
        {
            message = message.with_chat_id(chat);
        }
    }
    Ok(message)
}

fn read_command(form: &Form<'_>) -> Result<Message, AuthError> {
    if form.only("command")?.is_none() {
        return Err(malformed("no_command"));
    }
    let mut message = Message::new("slack").with_kind("slash_command");
    if let Some(user) = form.only("user_id")?.filter(|id| !id.is_empty()) {
        message = message.with_user_id(user);
    }
    if let Some(chat) = form.only("channel_id")?.filter(|id| !id.is_empty()) {
        message = message.with_chat_id(chat);
    }
    if let Some(name) = form.only("user_name")? {
        message = message.with_username(name);
    }
    Ok(message)
}

/// A member that is an id, or an object that has one.
fn text_or_id<'a>(object: &Object<'a>, name: &str) -> Result<Option<Cow<'a, str>>, AuthError> {
    match object.get(name) {
        Some(Value::Object(_)) => match object.object(name)? {
            Some(inner) => id(&inner, "id"),
            None => Ok(None),
        },
        _ => id(object, name),
    }
}

/// An id; an empty one counts as absent.
fn id<'a>(object: &Object<'a>, name: &str) -> Result<Option<Cow<'a, str>>, AuthError> {
    Ok(object.text(name)?.filter(|id| !id.is_empty()))
}

/// The fields of a form, decoded.
struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, AuthError> {
        if !body.is_ascii() {
            return Err(malformed("form_not_ascii"));
        }
        Ok(Self(form_urlencoded::parse(body).collect()))
    }

    /// The only value of a field.
    fn only(&self, name: &str) -> Result<Option<&str>, AuthError> {
        let mut values = self.0.iter().filter(|(shown, _)| shown == name);
        let value = values.next().map(|(_, value)| &**value);
        match values.next() {
            None => Ok(value),
            Some(_) => Err(malformed("form_field_twice")),
        }
    }
}
