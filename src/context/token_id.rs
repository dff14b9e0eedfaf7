//! The id of a token, from its verified claims.

use super::issued::{APART, Issued, LEFT_OUT, NEVER_TOLD, NO_ID, Span};

/// The id of a token among its claims.
pub(crate) enum TokenId {
    None,
    Within(Span),
    /// The JSON writes it with escapes.
    Apart(Box<str>),
}

/// When a signed token was issued, or one that somebody was asked for and told.
#[derive(Clone, Copy)]
pub(crate) enum IssuedAt {
    /// In Unix seconds.
    Second(u64),
    /// The token speaks for itself, and does not say it.
    LeftOut,
}

impl TokenId {
    /// An id that was read from `json`: most are a piece of it, and need no memory of their own.
    pub(crate) fn of(json: &str, id: Option<&str>) -> Self {
        let Some(id) = id else {
            return Self::None;
        };
        let start = id.as_ptr().addr().checked_sub(json.as_ptr().addr());
        let span = start.and_then(|start| {
            Some(Span {
                start: u32::try_from(start).ok()?,
                len: u32::try_from(id.len()).ok().filter(|len| *len < APART)?,
            })
        });
        match span {
            Some(span) if span.in_text(json) == Some(id) => Self::Within(span),
            _ => Self::Apart(id.into()),
        }
    }
}

impl Issued {
    /// Of a token; `None` where whoever was asked for it does not say when it was issued.
    pub(crate) fn token(issued_at: Option<IssuedAt>, id: &TokenId) -> Self {
        Self {
            at: match issued_at {
                Some(IssuedAt::Second(seconds)) => seconds.saturating_mul(1_000).min(LEFT_OUT - 1),
                Some(IssuedAt::LeftOut) => LEFT_OUT,
                None => NEVER_TOLD,
            },
            id: match id {
                TokenId::None => Span::of_len(NO_ID),
                TokenId::Within(span) => *span,
                TokenId::Apart(_) => Span::of_len(APART),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_its_json_or_kept_apart() {
        let json = r#"{"jti":"t-1","other":"t-1"}"#;
        let within = json.get(8..11);
        assert_eq!(within, Some("t-1"));
        assert!(matches!(TokenId::of(json, within), TokenId::Within(_)));
        assert!(matches!(
            TokenId::of(json, Some("t\u{2d}1")),
            TokenId::Apart(_)
        ));
        assert!(matches!(TokenId::of(json, None), TokenId::None));
        assert!(matches!(TokenId::of("", Some("t-1")), TokenId::Apart(_)));
    }
}
