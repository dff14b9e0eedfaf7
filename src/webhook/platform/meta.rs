//! Meta: the messages of WhatsApp. One delivery may carry those of several people.

use http::HeaderMap;

use super::{Platform, PlatformEvent, empty_answer};
use crate::{error::AuthError, request::Message, webhook::json::Object};

pub(in crate::webhook) const META: Platform = Platform { read };

fn read(_: &HeaderMap, body: &[u8]) -> Result<PlatformEvent, AuthError> {
    let body = Object::parse(body)?;
    // Pages and other objects have bodies that name no sender here.
    if body.text("object")?.as_deref() != Some("whatsapp_business_account") {
        return Ok(PlatformEvent::Messages {
            messages: vec![Message::new("meta")],
            silent_answer: empty_answer(),
        });
    }
    let mut messages = Vec::new();
    for entry in body.objects("entry")? {
        for change in entry.objects("changes")? {
            if let Some(value) = change.object("value")? {
                read_change(&value, &mut messages)?;
            }
        }
    }
    if messages.is_empty() {
        messages.push(Message::new(NAME));
    }
    Ok(PlatformEvent::Messages {
        messages,
        silent_answer: empty_answer(),
    })
}

fn read_change(value: &Object<'_>, messages: &mut Vec<Message>) -> Result<(), AuthError> {
    let chat = value.at("metadata.phone_number_id", Object::text)?;
    let before = messages.len();
    for (list, sender, kind) in [
        ("messages", "from", "message"),
        ("statuses", "recipient_id", "status"),
    ] {
        for one in value.objects(list)? {
            let mut message = Message::new(NAME).with_kind(kind);
            if let Some(chat) = &chat {
                message = message.with_chat_id(chat);
            }
            if let Some(user) = one.text(sender)?.filter(|id| !id.is_empty()) {
                message = message.with_user_id(user);
            }
            messages.push(message);
        }
    }
    // A change of another kind has no sender, and must not pass together with a message that has one.
    if messages.len() == before {
        messages.push(Message::new(NAME));
    }
    Ok(())
}

const NAME: &str = "whatsapp";
