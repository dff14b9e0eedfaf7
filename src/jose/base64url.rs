//! base64url without padding (RFC 4648 §5, RFC 7515 §2). Each byte string has exactly one accepted
//! spelling.

use std::sync::LazyLock;

use base64::{
    Engine,
    engine::{Simd, general_purpose::NO_PAD},
};

/// Decodes a text, appends the bytes to `decoded`, and returns the length of the whole.
///
/// `None` where the text has padding, a byte outside the alphabet, an impossible length, or a bit
/// behind its last byte: any of these would give one token many spellings.
pub(super) fn append(decoded: &mut Vec<u8>, text: &[u8]) -> Option<usize> {
    ENGINE.decode_vec(text, decoded).ok()?;
    Some(decoded.len())
}

static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

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

    fn scalar(text: &[u8]) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(text).ok()
    }

    #[test]
    fn every_byte_at_every_place_is_taken_or_refused_as_without_vectors() {
        // Vector code takes 32 characters at a time and leaves the rest to scalar code.
        for len in (1..=19).chain([32, 33, 63, 64, 66, 71]) {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    for around in [b'A', b'_'] {
                        let mut text = vec![around; len];
                        text[at] = byte;
                        assert_eq!(ours(&text), scalar(&text), "{text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_end_of_two_signs_is_read_as_without_vectors() {
        for text in (0..=u16::MAX).map(u16::to_be_bytes) {
            assert_eq!(ours(&text), scalar(&text), "{text:?}");
            let long = [&[b'A'; 64][..], &text].concat();
            assert_eq!(ours(&long), scalar(&long), "{long:?}");
        }
    }

    #[test]
    fn each_text_of_bytes_has_one_spelling() {
        for other in [
            "Zh", "Zm-", "Zg==", "Zg=", "Z", "Zm9vY", "Zm 9", "Zm9v\n", "+A", "/A",
        ] {
            assert_eq!(ours(other.as_bytes()), None, "{other:?}");
            let long = ["A".repeat(64), other.to_owned()].concat();
            assert_eq!(ours(long.as_bytes()), None, "{long:?}");
        }
        assert_eq!(ours(b"Zg"), Some(b"f".to_vec()));
        assert_eq!(ours(b"Zm8"), Some(b"fo".to_vec()));
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            let text = URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert_eq!(ours(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn any_text_is_read_as_without_vectors(text in "[-_A-Za-z0-9+/=]{0,140}|[-_A-Za-z0-9]{0,140}|\\PC{0,12}") {
            prop_assert_eq!(ours(text.as_bytes()), scalar(text.as_bytes()));
        }
    }
}
