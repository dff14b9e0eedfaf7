//! Texts that need not be copied.

use std::borrow::Cow;

/// A text of its own, or a part of the JSON that is kept beside it.
#[derive(Clone)]
pub(crate) enum Text {
    Own(Box<str>),
    #[cfg_attr(not(feature = "jwt"), allow(dead_code))]
    Part {
        start: u32,
        len: u32,
    },
}

impl Text {
    /// The part of `json` that `text` is; a copy of it where it stands elsewhere (because it was
    /// written with escapes, say).
    #[cfg(feature = "jwt")]
    pub(crate) fn of(json: &str, text: &str) -> Self {
        Self::part(json, text).unwrap_or_else(|| Self::Own(text.into()))
    }

    #[cfg(feature = "jwt")]
    fn part(json: &str, text: &str) -> Option<Self> {
        let start = text.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
        let found = json.get(start..start.checked_add(text.len())?)?;
        // INVARIANT: a part holds the text, wherever both were when it was made.
        (found == text).then_some(Self::Part {
            start: start.try_into().ok()?,
            len: text.len().try_into().ok()?,
        })
    }

    /// The text, where it is its own or a part of that JSON.
    pub(super) fn read<'a>(&'a self, json: &'a str) -> &'a str {
        match self {
            Self::Own(text) => text,
            Self::Part { start, len } => {
                let (start, len) = (*start as usize, *len as usize);
                json.get(start..start.saturating_add(len))
                    .unwrap_or_default()
            }
        }
    }

    /// The text, so that it needs no JSON.
    pub(super) fn into_own(self, json: &str) -> Self {
        Self::Own(self.read(json).into())
    }
}

impl From<Box<str>> for Text {
    fn from(text: Box<str>) -> Self {
        Self::Own(text)
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Own(text.into())
    }
}

#[cfg(all(test, feature = "jwt"))]
mod tests {
    use super::Text;

    const JSON: &str = r#"{"sub":"ada","name":"ada"}"#;

    #[test]
    fn a_text_that_stands_in_the_json_is_a_part_of_it() {
        let text = Text::of(JSON, &JSON[8..11]);
        assert!(matches!(text, Text::Part { start: 8, len: 3 }));
        assert_eq!(text.read(JSON), "ada");
        assert_eq!(text.into_own(JSON).read(""), "ada");
    }

    #[test]
    fn a_text_that_stands_elsewhere_is_copied() {
        for elsewhere in [String::from("ada"), JSON.to_owned()] {
            let text = Text::of(JSON, &elsewhere);
            assert!(matches!(text, Text::Own(_)));
            assert_eq!(text.read(JSON), elsewhere);
        }
    }
}
