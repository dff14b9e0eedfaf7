//! Segments that a server behind this layer could read as a step up.
//!
//! The route that a rule with a parameter opens may lead to a proxy, a Java server or a file server,
//! and each of them normalizes a path in its own way. The byte-for-byte comparison of a rule does not
//! cover these readings, so an opening rule ignores such a path.

/// Whether a path has a segment that is read as a step (`.`, `..`), as several segments or as none.
///
/// | read so by | what |
/// |---|---|
/// | URL parsers, proxies, file servers | `..`, `%2e%2e`, `%252e%252e` where two of them decode |
/// | Java servers | `..;x`, `;x`: from the `;` on it is a parameter of the segment |
/// | URL parsers behind a handler that decodes | `..%3f`, `..%23`, `..%20`; tab, CR and LF vanish |
/// | URL parsers, Windows | `\` |
/// | C programs | what follows a NUL is cut off |
/// | Windows | dots and spaces at the end of a name vanish: `...`, `.. ` |
/// | lenient decoders | overlong UTF-8 (`%c0%ae`), `%u002e` |
/// | Windows programs that are not Unicode's | the characters that look like `.`, `/` and `\` |
///
/// An empty segment is not ambiguous: a server that merges slashes stays below the rule's plain text,
/// and no parameter stands for an empty segment.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    // Every such segment holds one of these, and most paths hold none.
    let mut pairs = path.as_bytes().windows(2);
    pairs.any(|pair| matches!(pair, [_, b'%' | b'\\' | 0x80..] | [b'/', b'.' | b';']))
        && path.split('/').any(is_ambiguous_segment)
}

fn is_ambiguous_segment(segment: &str) -> bool {
    let decoded = decoded(segment);
    if decoded
        .iter()
        .any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control())
    {
        return true;
    }
    let text = String::from_utf8_lossy(&decoded);
    text.split(is_like_a_slash).any(is_step)
}

/// Whether only dots remain where a lenient server cuts a name off.
fn is_step(part: &str) -> bool {
    let name = part.split([';', '?', '#']).next().unwrap_or_default();
    !part.is_empty()
        && name
            .chars()
            .all(|shown| shown == ' ' || is_like_a_dot(shown))
}

/// A segment decoded until it stops changing.
pub(super) fn decoded(segment: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(segment.len());
    for byte in segment.bytes() {
        decoded.push(byte);
        // Escapes cannot overlap, so their order does not matter; and each makes the text shorter, so
        // a segment such as `%252525…` takes no longer than another.
        while let Some((len, meant)) = escape_at_end(&decoded) {
            decoded.truncate(decoded.len().saturating_sub(len));
            decoded.push(meant);
        }
    }
    decoded
}

/// The length of the escape at the end of a text, and the byte that it means.
fn escape_at_end(text: &[u8]) -> Option<(usize, u8)> {
    match *text {
        [.., b'%', high, low] => Some((3, u8::try_from(hex(&[high, low])?).ok()?)),
        [.., b'%', b'u' | b'U', a, b, c, d] => Some((6, byte_like(hex(&[a, b, c, d])?))),
        // Overlong UTF-8: a lenient decoder makes ASCII of it.
        [.., top @ (0xC0 | 0xC1), last @ 0x80..=0xBF] => Some((2, ascii(top, last))),
        [.., 0xE0, top @ (0x80 | 0x81), last @ 0x80..=0xBF] => Some((3, ascii(top, last))),
        [.., 0xF0, 0x80, top @ (0x80 | 0x81), last @ 0x80..=0xBF] => Some((4, ascii(top, last))),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value: u32, digit| {
        Some((value << 4) | char::from(*digit).to_digit(16)?)
    })
}

fn ascii(top: u8, last: u8) -> u8 {
    ((top & 1) << 6) | (last & 0x3F)
}

/// The ASCII character that this one is or resembles; `OTHER` for a character that needs no check.
fn byte_like(code: u32) -> u8 {
    match char::from_u32(code) {
        Some(shown) if shown.is_ascii() => u8::try_from(code).unwrap_or(OTHER),
        Some(shown) if is_like_a_dot(shown) => b'.',
        Some(shown) if is_like_a_slash(shown) => b'/',
        _ => OTHER,
    }
}

/// A byte that never occurs in UTF-8.
const OTHER: u8 = 0xFF;

pub(super) fn is_like_a_dot(shown: char) -> bool {
    matches!(
        shown,
        '.' | '\u{2024}' | '\u{2025}' | '\u{2026}' | '\u{FE52}' | '\u{FF0E}'
    )
}

/// Also the currency signs that Japanese and Korean code pages have in the place of `\`.
pub(super) fn is_like_a_slash(shown: char) -> bool {
    matches!(
        shown,
        '\u{A5}'
            | '\u{20A9}'
            | '\u{2044}'
            | '\u{2215}'
            | '\u{2216}'
            | '\u{29F5}'
            | '\u{FE68}'
            | '\u{FF0F}'
            | '\u{FF3C}'
    )
}

#[cfg(test)]
mod tests {
    use super::is_ambiguous;

    #[test]
    fn a_segment_that_somebody_reads_as_a_step_is_found_in_every_spelling() {
        for segment in STEPS {
            for path in [
                format!("/a/{segment}/b"),
                format!("/a/{segment}"),
                format!("/{segment}/b"),
                format!("/a//{segment}/"),
            ] {
                assert!(is_ambiguous(&path), "{path}");
            }
        }
    }

    #[test]
    fn an_ordinary_segment_is_no_step() {
        for segment in ORDINARY {
            for path in [format!("/a/{segment}/b"), format!("/{segment}")] {
                assert!(!is_ambiguous(&path), "{path}");
            }
        }
    }

    #[test]
    fn nested_escapes_are_decoded_to_their_end_however_many_there_are() {
        let nested = format!("/%{}2e%2e", "25".repeat(32_000));
        assert!(is_ambiguous(&nested));
        assert!(!is_ambiguous(&nested.replace("2e%2e", "61")));
    }

    const STEPS: &[&str] = &[
        ".",
        "..",
        "...",
        "%2e",
        "%2E%2e",
        ".%2e",
        "%2e.",
        "%252e%252e",
        "%25252e.",
        "%%32%65.",
        "%2%65%2%65",
        "..;",
        "..;x=1",
        "..%3bx",
        "..%253Bx",
        ".;",
        ";",
        ";x",
        "%3bx",
        "..%3f",
        "..%23",
        "%3f",
        "..%20",
        "%20..",
        ".%20.",
        "%20",
        "%2f",
        "a%2fb",
        "a%2Fb",
        "..%2f",
        "%252f",
        "%5c",
        "a%5Cb",
        "a\\b",
        "..\\",
        "%255c",
        "%00",
        "a%00",
        "..%00",
        "%2500",
        ".%09.",
        "%0a..",
        "..%0D",
        "a%09b",
        "%7f",
        "%c0%ae%c0%ae",
        "%c0%ae.",
        "%e0%80%ae.",
        "%f0%80%80%ae.",
        "%c0%af",
        "%c1%9c",
        "%c0%80",
        "%25c0%25ae.",
        "%u002e.",
        "%u002f",
        "%u2215",
        "%uff0e%uff0e",
        "%u002525u002e",
        "．．",
        "%ef%bc%8e.",
        "‥",
        "․․",
        "．．／x",
        "..¥x",
        "..%c2%a5x",
        "..%e2%88%95x",
        "x／．．／y",
    ];

    const ORDINARY: &[&str] = &[
        "",
        "a",
        "app.js",
        ".well-known",
        "..a",
        "a..",
        ".a.",
        "..%61",
        "a;b",
        "a;..",
        "a%3b..",
        "a%3fb",
        "a%20b",
        "%20a",
        "%61",
        "%2561",
        "%",
        "%%",
        "%2",
        "%zz",
        "%u00",
        "%uzzzz",
        "%u0061",
        "~",
        "*",
        "+",
        ":a",
        "@",
        "caf%c3%a9",
        "café",
        "caf%e9",
        "%c0%20la",
        "報告／案.pdf",
        "１．５",
        "¥100",
        "a…",
        "%e2%80%a6a",
        "{p0}",
        "...a",
        "[...slug]-1a.js",
    ];
}
