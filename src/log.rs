//! Texts for the log: no text of a caller or an issuer breaks a line or floods the log.

use std::{
    error::Error,
    fmt::{self, Write},
};

use tracing::field::DisplayValue;

/// A text that may come from a caller: control characters escaped, cut at 64 characters.
pub(crate) struct Clean<'a>(pub(crate) &'a str);

impl Clean<'_> {
    /// The number of characters that are shown.
    pub(crate) const LONGEST: usize = 64;
}

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(self.0, Self::LONGEST, f)
    }
}

/// A field for a text that may come from a caller, where there is one.
pub(crate) fn clean(text: Option<&str>) -> Option<DisplayValue<Clean<'_>>> {
    text.map(|text| tracing::field::display(Clean(text)))
}

/// A text of the program's own settings, which may be long: control characters escaped.
pub(crate) struct Own<'a>(pub(crate) &'a str);

impl fmt::Display for Own<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(self.0, LONGEST_CAUSES, f)
    }
}

fn escaped(text: &str, longest: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut chars = text.chars();
    for char in chars.by_ref().take(longest) {
        for escaped in char.escape_debug() {
            f.write_char(escaped)?;
        }
    }
    match chars.next() {
        Some(_) => f.write_char('…'),
        None => Ok(()),
    }
}

/// An error and its causes, outermost first.
pub(crate) struct Causes<'a>(pub(crate) Option<&'a (dyn Error + 'static)>);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = LONGEST_CAUSES;
        let causes = std::iter::successors(self.0, |&cause| cause.source());
        for (depth, cause) in causes.take(DEEPEST).enumerate() {
            if depth > 0 {
                f.write_str(": ")?;
            }
            // A cause may quote what the caller sent.
            for char in cause.to_string().chars() {
                if room == 0 {
                    return f.write_char('…');
                }
                room -= 1;
                // A quotation mark breaks no line, and errors of files have some around paths.
                if matches!(char, '"' | '\'') {
                    f.write_char(char)?;
                    continue;
                }
                for escaped in char.escape_debug() {
                    f.write_char(escaped)?;
                }
            }
        }
        Ok(())
    }
}

/// The target of every event.
pub(crate) const TARGET: &str = "tower_auth";
const LONGEST_CAUSES: usize = 512;
const DEEPEST: usize = 8;
