//! base64url without padding (RFC 4648 §5, RFC 7515 §2), each text of bytes in one spelling only.
//!
//! Beside its signature, this is most of what a token costs, so the parts of a token are decoded
//! here, by four small tables; whatever is decoded once (a key, a secret) is left to `base64`, which
//! the tests hold this against.

/// Decodes a text behind what is there, and says how long all of it is now.
///
/// Nothing where the text has padding, a byte outside the alphabet, a length that no text has, or a
/// bit behind its last byte: with them, one token would have many spellings.
pub(super) fn append(decoded: &mut Vec<u8>, text: &[u8]) -> Option<usize> {
    let (pairs, rest) = text.as_chunks();
    let start = decoded.len();
    decoded.resize(start + pairs.len() * 6, 0);
    let (sixes, _) = decoded.get_mut(start..)?.as_chunks_mut();
    let mut all = 0;
    // Two quads at once, since six bytes are written as quickly as three.
    for ([a, b, c, d, e, f, g, h], six) in pairs.iter().zip(sixes) {
        let (left, right) = (join([*a, *b, *c, *d]), join([*e, *f, *g, *h]));
        all |= left | right;
        let [_, _, bytes @ ..] = ((u64::from(left) << 24) | u64::from(right)).to_be_bytes();
        *six = bytes;
    }
    let (quads, rest) = rest.as_chunks();
    for quad in quads {
        let bits = join(*quad);
        all |= bits;
        let [_, bytes @ ..] = bits.to_be_bytes();
        decoded.extend_from_slice(&bytes);
    }
    // The alphabet's `A` stands for six zeros, so it completes what is short.
    let (bits, len) = match *rest {
        [] => (0, 0),
        [a, b] => (join([a, b, b'A', b'A']), 1),
        [a, b, c] => (join([a, b, c, b'A']), 2),
        _ => return None,
    };
    let [_, last @ ..] = bits.to_be_bytes();
    let (last, behind) = last.split_at_checked(len)?;
    let is_canonical = behind.iter().all(|byte| *byte == 0);
    if (all | bits) & STRAY != 0 || !is_canonical {
        return None;
    }
    decoded.extend_from_slice(last);
    Some(decoded.len())
}

/// The 24 bits of four signs, with [`STRAY`] where one of them is none of the alphabet.
#[inline]
fn join([a, b, c, d]: [u8; 4]) -> u32 {
    let [first, second, third, fourth] = &TABLES;
    let bits = |table: &[u32; 256], sign: u8| table.get(usize::from(sign)).copied();
    let bits = |table, sign| bits(table, sign).unwrap_or(STRAY);
    bits(first, a) | bits(second, b) | bits(third, c) | bits(fourth, d)
}

/// What a sign means as the first, second, third and fourth of four.
static TABLES: [[u32; 256]; 4] = [table(18), table(12), table(6), table(0)];

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would not let it pass"
)]
const fn table(shift: u32) -> [u32; 256] {
    let mut table = [STRAY; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        table[ALPHABET[value] as usize] = (value as u32) << shift;
        value += 1;
    }
    table
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// A bit that no sign sets.
const STRAY: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::append;

    fn ours(text: &[u8]) -> Option<Vec<u8>> {
        let mut decoded = b"before".to_vec();
        let len = append(&mut decoded, text)?;
        assert_eq!(len, decoded.len());
        decoded.strip_prefix(b"before").map(<[u8]>::to_vec)
    }

    fn theirs(text: &[u8]) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(text).ok()
    }

    #[test]
    fn every_byte_at_every_place_is_taken_or_refused_as_by_base64() {
        for len in 1..=19 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    for around in [b'A', b'_'] {
                        let mut text = vec![around; len];
                        text[at] = byte;
                        assert_eq!(ours(&text), theirs(&text), "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_end_of_two_and_of_three_signs_is_read_as_by_base64() {
        for text in (0..=u16::MAX).map(u16::to_be_bytes) {
            assert_eq!(ours(&text), theirs(&text), "{text:?}");
        }
        let signs = super::ALPHABET;
        for (a, b, c) in signs.iter().flat_map(|a| {
            let seconds = signs.iter();
            seconds.flat_map(move |b| signs.iter().map(move |c| (*a, *b, *c)))
        }) {
            let text = [b'w', b'x', b'y', b'z', a, b, c];
            assert_eq!(ours(&text), theirs(&text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            let text = URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert_eq!(ours(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn any_text_is_read_as_by_base64(text in "[-_A-Za-z0-9+/=]{0,40}|\\PC{0,12}") {
            prop_assert_eq!(ours(text.as_bytes()), theirs(text.as_bytes()));
        }
    }
}
