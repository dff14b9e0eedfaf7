//! JSON text that no reader of a file or a terminal takes for anything else.

/// Writes a text as a JSON string of at most `LONGEST` characters. What ends a line or steers a terminal is escaped:
/// control characters, line and paragraph separators, and marks that turn the direction of writing.
pub(super) fn push_string(line: &mut String, text: &str) {
    line.push('"');
    let mut chars = text.chars();
    for char in chars.by_ref().take(LONGEST) {
        match char {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            char if is_odd(char) => push_escape(line, char),
            char => line.push(char),
        }
    }
    if chars.next().is_some() {
        line.push('…');
    }
    line.push('"');
}

fn is_odd(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || char == '\u{feff}'
}

/// All of them have four digits.
fn push_escape(line: &mut String, char: char) {
    line.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        let digit = (u32::from(char) >> shift) & 0xf;
        line.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

/// In characters.
const LONGEST: usize = 256;
