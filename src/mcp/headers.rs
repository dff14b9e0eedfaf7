//! The headers that repeat a body, and those that say how to read it.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, header};

use super::{
    fault::Fault,
    message::{Call, Content, Messages},
};
use crate::reading::is_uncompressed;

/// The protocol's headers of a request.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    version: Option<&'a str>,
    method: Option<&'a str>,
    name: Option<Cow<'a, str>>,
}

impl<'a> Headers<'a> {
    /// Reads the headers; each may stand there once.
    pub(super) fn read(headers: &'a HeaderMap, versions: &[&str]) -> Result<Self, Fault> {
        let version = one(headers, &VERSION)?;
        if let Some(version) = version
            && !versions.contains(&version)
        {
            return Err(Fault::version(version));
        }
        Ok(Self {
            version,
            method: one(headers, &METHOD)?,
            name: one(headers, &NAME)?.map(decoded).transpose()?,
        })
    }

    /// Whether the version obliges the client to repeat the body in headers.
    pub(super) fn is_modern(&self) -> bool {
        self.version.is_some_and(|version| version >= MODERN)
    }

    /// Compares the headers with a body. Whoever routes by the one must not differ from who acts by the other.
    pub(super) fn check(&self, messages: &Messages<'_>) -> Result<(), Fault> {
        if messages.is_batch && self.is_modern() {
            return Err(Fault::invalid(
                "batch",
                "this version of the protocol has no batches",
            ));
        }
        for message in &messages.all {
            let checked = match &message.content {
                Content::Call(call) => self.check_call(call),
                Content::Answer => self.check_answer(),
            };
            // The answer to a batch names no part of it.
            let id = message.id.filter(|_| !messages.is_batch);
            checked.map_err(|fault| fault.of_request(id))?;
        }
        Ok(())
    }

    fn check_call(&self, call: &Call<'_>) -> Result<(), Fault> {
        let is_obliged = self.is_modern() && call.is_request && call.method != "initialize";
        match self.method {
            Some(method) if method != call.method => return Err(differs("Mcp-Method")),
            None if is_obliged => return Err(missing("Mcp-Method")),
            _ => {}
        }
        match (&self.name, &call.name) {
            (Some(shown), Some((name, _))) if shown != name => return Err(differs("Mcp-Name")),
            (None, Some((_, true))) if is_obliged => return Err(missing("Mcp-Name")),
            _ => {}
        }
        match (self.version, call.version.as_deref()) {
            (Some(shown), Some(version)) if shown != version => {
                Err(differs("MCP-Protocol-Version"))
            }
            (None, Some(_)) => Err(missing("MCP-Protocol-Version")),
            _ => Ok(()),
        }
    }

    /// An answer has neither a method nor a name.
    fn check_answer(&self) -> Result<(), Fault> {
        match (self.method, &self.name) {
            (None, None) => Ok(()),
            (Some(_), _) => Err(differs("Mcp-Method")),
            (None, Some(_)) => Err(differs("Mcp-Name")),
        }
    }
}

fn differs(header: &'static str) -> Fault {
    Fault::mismatch(
        "header_differs",
        match header {
            "Mcp-Method" => "Header mismatch: Mcp-Method is not the method in the body",
            "Mcp-Name" => "Header mismatch: Mcp-Name is not the name in the body",
            _ => "Header mismatch: MCP-Protocol-Version is not the version in the body",
        },
    )
}

fn missing(header: &'static str) -> Fault {
    Fault::mismatch(
        "header_missing",
        match header {
            "Mcp-Method" => "Header mismatch: Mcp-Method is missing",
            "Mcp-Name" => "Header mismatch: Mcp-Name is missing",
            _ => "Header mismatch: MCP-Protocol-Version is missing",
        },
    )
}

/// The only value of a header; two are refused, since somebody else might read the other one.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| malformed()),
        (Some(_), Some(_)) => Err(Fault::mismatch(
            "header_twice",
            "Header mismatch: a header of the protocol stands there twice",
        )),
    }
}

/// A name as a header carries it: plain, or as Base64 between two marks.
fn decoded(value: &str) -> Result<Cow<'_, str>, Fault> {
    let inner = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    let Some(inner) = inner else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(inner).map_err(|_| malformed())?;
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| malformed())
}

fn malformed() -> Fault {
    Fault::mismatch(
        "header_malformed",
        "Header mismatch: a header of the protocol cannot be read",
    )
}

/// Refuses a body that some reader would decode before it reads it.
pub(super) fn check_body(headers: &HeaderMap) -> Result<(), Fault> {
    if !is_uncompressed(headers) {
        return Err(Fault::media_type(
            "compressed_body",
            "the body is compressed: send it without Content-Encoding",
        ));
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let is_json = match (types.next(), types.next()) {
        (Some(value), None) => value.to_str().is_ok_and(is_utf8_json),
        _ => false,
    };
    match is_json {
        true => Ok(()),
        false => Err(Fault::media_type(
            "content_type",
            "Content-Type is application/json, in UTF-8",
        )),
    }
}

/// Whether a content type says JSON, and nothing of another character set: `utf-7` and `utf-16` read other
/// messages out of the bytes.
fn is_utf8_json(value: &str) -> bool {
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default();
    essence
        .trim_ascii()
        .eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| {
            // Wherever a lenient reader could find one: in quotes, continued (RFC 2231), by a pattern.
            let names_one = parameter.to_ascii_lowercase().contains("charset");
            !names_one || is_utf8(parameter)
        })
}

fn is_utf8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim_ascii();
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let value = quoted.unwrap_or(value);
    name.trim_ascii().eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8")
}

/// From this version on a client repeats the body in headers.
const MODERN: &str = "2026-07-28";
/// The versions that are judged.
pub(super) const VERSIONS: [&str; 5] = [
    "2024-11-05",
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    MODERN,
];
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
