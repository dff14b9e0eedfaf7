//! Hexadecimal.

/// Hexadecimal of these bytes, lower-case.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The bytes that hexadecimal of either case stands for; nothing where it is anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    // It may be a secret: bytes that were pushed into a vector that grew, or was then dropped,
    // would stay in memory.
    if !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(pairs.len());
    for &[high, low] in pairs {
        bytes.push(nibble(high)? << 4 | nibble(low)?);
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|nibble| u8::try_from(nibble).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_read_as_it_was_written() {
        let all: Vec<u8> = (0..=255).collect();
        let text = encode(&all);
        assert_eq!(text.get(..8), Some("00010203"));
        assert_eq!(text.get(504..), Some("fcfdfeff"));
        assert_eq!(decode(&text), Some(all.clone()));
        assert_eq!(decode(&text.to_uppercase()), Some(all));
    }

    #[test]
    fn anything_else_is_no_hexadecimal() {
        for text in ["0", "0g", "g0", "+1", " 00", "0x00", "00:00", "٣٣", "é"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode(""), Some(Vec::new()));
    }
}
