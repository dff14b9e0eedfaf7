//! Texts of others, as a terminal may have them.
//!
//! A name comes from whoever was allowed to make a key. Control characters could move the cursor or
//! set the title of a window, and those that change the direction of writing could show one name as
//! another: a terminal gets their numbers.

use std::fmt::{self, Write};

/// Shows a text with `\u{…}` in the place of what a terminal would act on.
#[derive(Debug)]
pub(crate) struct Plain<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match is_unseen(char) {
            true => write!(self.0, "{}", char.escape_unicode()),
            false => self.0.write_char(char),
        })
    }
}

/// JSON in which those characters stand as `\u…`: it means what it meant before. They can stand only
/// in its texts; the line breaks between its members stay.
pub(crate) fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for char in json.chars() {
        if char == '\n' || !is_unseen(char) {
            plain.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a `String` cannot fail.
            let _ = write!(plain, "\\u{unit:04x}");
        }
    }
    plain
}

/// Whether a terminal acts on a character instead of showing it, or shows nothing.
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char,
            // Soft hyphen, Arabic letter mark, Mongolian vowel separator, Hangul fillers.
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            // Joiners, marks of direction; line and paragraph separators; embeddings and overrides.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            // Invisible operators, isolates, deprecated formats; byte order mark; annotations.
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Tags and selectors of variants, which carry hidden texts. The two that emoji need stay.
            | '\u{fe00}'..='\u{fe0d}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_shown_as_its_number() {
        assert_eq!(
            Plain("a\u{1b}]0;x\u{7}\r\n").to_string(),
            r"a\u{1b}]0;x\u{7}\u{d}\u{a}"
        );
        assert_eq!(Plain("\u{202e}gnp.exe").to_string(), r"\u{202e}gnp.exe");
        assert_eq!(Plain("Zoë 鍵 🔑").to_string(), "Zoë 鍵 🔑");
    }

    #[test]
    fn json_means_what_it_meant() {
        let name = "a\u{9b}\u{202e}\u{e0041}\u{7f}b\"\n";
        let json = serde_json::to_string_pretty(&[name]).unwrap();
        let plain = plain_json(&json);
        assert!(
            plain.chars().all(|char| char == '\n' || !is_unseen(char)),
            "{plain}"
        );
        assert_eq!(serde_json::from_str::<[String; 1]>(&plain).unwrap(), [name]);
    }
}
