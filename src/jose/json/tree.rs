//! A whole object as `serde_json` values, read without `serde_json`.
//!
//! `serde_json` gives members that begin with `$serde_json::private::` a meaning of its own: with its
//! features `raw_value` and `arbitrary_precision`, which any crate of a program can switch on for all
//! crates, `{"$serde_json::private::RawValue": "[1]"}` is read as `[1]`. Other readers read a member;
//! a caller's text must mean the same here and there.

use serde_json::{Map, Number, Value};

use super::{
    cursor::Cursor,
    value::{Fault, Value as Checked},
};

/// Every member of the object that is the whole of a text; of two members with one name, the last.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, Fault> {
    let mut cursor = Cursor::open(text, b'{')?;
    let mut members = Map::new();
    let mut count = 0;
    while cursor.another(count, b'}')? {
        let name = cursor.name()?;
        let value = read(cursor.value(1)?)?;
        members.insert(name.cow().into_owned(), value);
        count += 1;
    }
    cursor.finish().map(|()| members)
}

fn array(text: &str) -> Result<Vec<Value>, Fault> {
    let mut cursor = Cursor::open(text, b'[')?;
    let mut items = Vec::new();
    while cursor.another(items.len(), b']')? {
        items.push(read(cursor.value(1)?)?);
    }
    cursor.finish().map(|()| items)
}

/// The recursion is no deeper than that of the cursor, which checked the whole text.
fn read(value: Checked<'_>) -> Result<Value, Fault> {
    Ok(match value {
        Checked::Text(text) => Value::String(text.cow().into_owned()),
        Checked::Number(digits) => {
            let number: Number = digits.parse().map_err(|_| Fault::HugeNumber)?;
            Value::Number(number)
        }
        Checked::Object(text) => Value::Object(object(text)?),
        Checked::Array(text) => Value::Array(array(text)?),
        Checked::True => Value::Bool(true),
        Checked::False => Value::Bool(false),
        Checked::Null => Value::Null,
    })
}
