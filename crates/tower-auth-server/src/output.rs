//! Standard output and standard error.

use std::{
    fmt,
    io::{self, Write},
};

use serde::Serialize;

use crate::{fault::Fault, plain::plain_json};

/// Prints a line that the command is for.
pub(crate) fn line(text: &dyn fmt::Display) -> Result<(), Fault> {
    print(&format!("{text}\n"))
}

/// Prints a document.
pub(crate) fn json(document: &impl Serialize) -> Result<(), Fault> {
    line(&to_json(document)?)
}

pub(crate) fn to_json(document: &impl Serialize) -> Result<String, Fault> {
    let json = serde_json::to_string_pretty(document);
    let json = json.map_err(|error| Fault::failed(format!("no JSON can be written: {error}")))?;
    Ok(plain_json(&json))
}

/// Prints, and waits until it is written.
pub(crate) fn print(text: &str) -> Result<(), Fault> {
    write(text).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Fault::NobodyReads,
        _ => Fault::failed(format!("standard output cannot be written: {error}")),
    })
}

/// Prints, where it matters that somebody reads it.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says one line on standard error. Where that cannot be written there is nobody to tell.
pub(crate) fn note(text: &dyn fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "tower-auth: {text}");
}

/// A JSON array that is printed as its items come.
#[derive(Debug)]
pub(crate) struct Array {
    is_empty: bool,
}

impl Array {
    pub(crate) fn new() -> Self {
        Self { is_empty: true }
    }

    pub(crate) fn push(&mut self, item: &impl Serialize) -> Result<(), Fault> {
        let item = to_json(item)?;
        // As `serde_json` sets an array out.
        let item = item.replace('\n', "\n  ");
        let before = if self.is_empty { "[" } else { "," };
        self.is_empty = false;
        print(&format!("{before}\n  {item}"))
    }

    pub(crate) fn end(self) -> Result<(), Fault> {
        print(if self.is_empty { "[]\n" } else { "\n]\n" })
    }
}
