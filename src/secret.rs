//! Texts that must not be seen, and the one comparison that does not tell how far it came.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text: wiped when dropped, never printed.
///
/// # Example
///
/// ```
/// use tower_auth::Secret;
///
/// let secret = Secret::from("sk-live-9f");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself: keep it out of logs and messages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    /// Takes the text over; its buffer is wiped when the secret is dropped.
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl PartialEq for Secret {
    /// Compares in a time that depends on the lengths alone.
    fn eq(&self, other: &Self) -> bool {
        equal(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
///
/// Every comparison of a secret in this crate is this one.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Eight bytes at a time: the barrier that keeps a compiler from stopping early costs more than
    // the comparison does.
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks(), right.as_chunks());
    let words = left
        .iter()
        .zip(right)
        .map(|(left, right)| u64::from_ne_bytes(*left).ct_eq(&u64::from_ne_bytes(*right)));
    words
        .fold(left_rest.ct_eq(right_rest), |equal, word| equal & word)
        .into()
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn finds_any_bit_that_differs_at_any_length() {
        for len in 0..70 {
            let text: Vec<u8> = (0..len).collect();
            assert!(equal(&text, &text.clone()));
            for at in 0..text.len() {
                for bit in 0..8 {
                    let mut other = text.clone();
                    other[at] ^= 1 << bit;
                    assert!(!equal(&text, &other), "byte {at} of {len}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn finds_texts_of_other_lengths() {
        assert!(!equal(b"12345678", b"123456789"));
        assert!(!equal(b"", b"1"));
        assert!(equal(b"", b""));
    }
}
