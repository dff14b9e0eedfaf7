//! The members of an object by which a message is judged.

use std::borrow::Cow;

use crate::{
    jose::json::{Fault as Unread, Members, Value},
    mcp::fault::Fault,
};

/// Reads the object that is the whole of `text`; answers the values of the known members, in their order.
pub(super) fn known<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> Result<[Option<Value<'a>>; N], Fault> {
    let mut found = [None; N];
    let mut members = Members::of_deep(text).map_err(unreadable)?;
    while let Some((name, value)) = members.next().map_err(unreadable)? {
        let name = name.cow();
        match names.iter().position(|known| *known == name) {
            Some(at) => {
                if let Some(place) = found.get_mut(at) {
                    *place = Some(value);
                }
            }
            None => check_unknown(&name, &names)?,
        }
    }
    Ok(found)
}

/// Refuses a name that some reader takes for a known one, or that changes what the object is.
fn check_unknown(name: &str, known: &[&str]) -> Result<(), Fault> {
    if name.starts_with(PRIVATE) || name == PROTOTYPE {
        return Err(Fault::unreadable(
            "private_member",
            "a member has a name that is reserved: rename it",
        ));
    }
    if known.iter().any(|known| is_variant(name, known)) {
        return Err(Fault::unreadable(
            "case_varied_member",
            "a member differs from a known one by its case alone: write it as the protocol does",
        ));
    }
    Ok(())
}

/// Whether a reader that ignores case, or stops at a NUL, reads one name as the other.
fn is_variant(name: &str, known: &str) -> bool {
    let read = name.split('\0').next().unwrap_or_default();
    read.chars().map(folded).eq(known.chars().map(folded))
}

fn folded(char: char) -> char {
    match char {
        // The characters that simple case folding brings to ASCII, and two that other tables do.
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        '\u{130}' | '\u{131}' => 'i',
        _ => char.to_ascii_lowercase(),
    }
}

/// A text that has to be there, and not empty.
pub(super) fn text<'a>(
    value: Option<Value<'a>>,
    missing: &'static str,
) -> Result<Cow<'a, str>, Fault> {
    match value {
        Some(Value::Text(text)) if text.raw().len() > LONGEST_NAME => {
            Err(Fault::params("long_name", "a name is too long"))
        }
        Some(Value::Text(text)) if !text.is_empty() => Ok(text.cow()),
        _ => Err(Fault::params(
            missing,
            "a name that the request needs is no text",
        )),
    }
}

pub(super) fn unreadable(unread: Unread) -> Fault {
    match unread {
        Unread::DuplicateMember => Fault::unreadable(
            "doubled_member",
            "a member stands twice in one object: readers differ about which one counts",
        ),
        Unread::TooDeep => Fault::unreadable("too_deep", "the body is nested too deep"),
        Unread::TooManyMembers => Fault::unreadable(
            "too_many_members",
            "an object of the message has too many members",
        ),
        Unread::HugeNumber => Fault::unreadable("huge_number", "the body holds a number too large"),
        Unread::LoneSurrogate => {
            Fault::unreadable("lone_surrogate", "the body holds half of a surrogate pair")
        }
        Unread::WrongType => Fault::invalid("no_object", "a message is one JSON object"),
        Unread::Syntax => Fault::unreadable("not_json", "Parse error"),
    }
}

/// What `serde_json` reads as a value of another kind, where any crate of the program switches that on.
const PRIVATE: &str = "$serde_json::private::";
/// What some readers in JavaScript assign, and thereby change what an object inherits.
const PROTOTYPE: &str = "__proto__";
/// Names reach authorizers, challenges and logs.
const LONGEST_NAME: usize = 8 * 1024;
