//! The messages of a body.

use std::borrow::Cow;

use super::{
    call::Call,
    members::{known, text, unreadable},
};
use crate::{
    jose::json::{Items, Value},
    mcp::fault::Fault,
};

/// All messages of a body.
#[derive(Debug)]
pub(in crate::mcp) struct Messages<'a> {
    pub(in crate::mcp) all: Vec<Message<'a>>,
    pub(in crate::mcp) is_batch: bool,
}

/// One message.
#[derive(Debug)]
pub(in crate::mcp) struct Message<'a> {
    /// The id: a notification has none.
    pub(in crate::mcp) id: Option<Value<'a>>,
    pub(in crate::mcp) content: Content<'a>,
}

#[derive(Debug)]
pub(in crate::mcp) enum Content<'a> {
    /// The client's answer to a request of the server.
    Answer,
    Call(Call<'a>),
}

/// Reads a body. What one reader of the protocol could read otherwise is refused.
pub(in crate::mcp) fn read(body: &[u8]) -> Result<Messages<'_>, Fault> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Fault::unreadable("not_utf8", "the body is not UTF-8"))?;
    if !text.trim_ascii_start().starts_with('[') {
        let message = message(text).map_err(Refused::into_fault)?;
        return Ok(Messages {
            all: vec![message],
            is_batch: false,
        });
    }
    let mut items = Items::of_deep(text).map_err(unreadable)?;
    let mut all = Vec::new();
    while let Some(item) = items.next().map_err(unreadable)? {
        let Value::Object(text) = item else {
            return Err(Fault::invalid(
                "no_object",
                "a part of a batch is no object",
            ));
        };
        if all.len() == MOST_PARTS {
            return Err(Fault::invalid("long_batch", "a batch has too many parts"));
        }
        all.push(message(text).map_err(|refused| refused.fault)?);
    }
    if all.is_empty() {
        return Err(Fault::invalid("empty_batch", "a batch has no part"));
    }
    Ok(Messages {
        all,
        is_batch: true,
    })
}

/// The fault of a message, whose id may be known.
struct Refused<'a> {
    fault: Fault,
    id: Option<Value<'a>>,
}

impl Refused<'_> {
    fn into_fault(self) -> Fault {
        self.fault.of_request(self.id)
    }
}

impl From<Fault> for Refused<'_> {
    fn from(fault: Fault) -> Self {
        Self { fault, id: None }
    }
}

fn message(text: &str) -> Result<Message<'_>, Refused<'_>> {
    let [version, id, method, params, result, error] = known(
        text,
        ["jsonrpc", "id", "method", "params", "result", "error"],
    )?;
    if !matches!(version, Some(Value::Text(version)) if version.is("2.0")) {
        return Err(invalid("no_jsonrpc", "a message says \"jsonrpc\": \"2.0\"").into());
    }
    // Null is no id that a request may have.
    if !matches!(id, None | Some(Value::Text(_) | Value::Number(_))) {
        return Err(invalid("no_id", "an id is a text or a number").into());
    }
    let content = content(method, params, [result, error], id);
    match content {
        Ok(content) => Ok(Message { id, content }),
        Err(fault) => Err(Refused { fault, id }),
    }
}

fn content<'a>(
    method: Option<Value<'a>>,
    params: Option<Value<'a>>,
    answers: [Option<Value<'a>>; 2],
    id: Option<Value<'_>>,
) -> Result<Content<'a>, Fault> {
    let answers = answers.iter().flatten().count();
    let Some(method) = method else {
        return match (answers, id) {
            (1, Some(_)) => Ok(Content::Answer),
            _ => Err(invalid(
                "no_message",
                "the body is neither a request nor a notification nor an answer",
            )),
        };
    };
    if answers > 0 {
        return Err(invalid(
            "two_messages",
            "a message is a request or an answer, not both",
        ));
    }
    let method: Cow<'a, str> = text(Some(method), "no_method")?;
    Call::read(method, params, id.is_some()).map(Content::Call)
}

fn invalid(reason: &'static str, message: &'static str) -> Fault {
    Fault::invalid(reason, message)
}

const MOST_PARTS: usize = 100;
