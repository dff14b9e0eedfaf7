//! When a credential was issued, and where the id of its token stands.

/// When a caller's credential was issued, and where the id of its token stands.
///
/// 16 bytes, because a table of a million keys holds as many.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Issued {
    /// Milliseconds since the Unix epoch, or `NEVER_TOLD`, or `LEFT_OUT`.
    pub(crate) at: u64,
    pub(crate) id: Span,
}

/// A part of the JSON of the claims, or one of three lengths that no part has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Issued {
    /// Of a caller without a token.
    pub(crate) const NOTHING: Self = Self {
        at: NEVER_TOLD,
        id: Span::of_len(NO_TOKEN),
    };
}

impl Span {
    pub(crate) const fn of_len(len: u32) -> Self {
        Self { start: 0, len }
    }

    pub(crate) fn in_text(self, text: &str) -> Option<&str> {
        let start = usize::try_from(self.start).ok()?;
        let len = usize::try_from(self.len).ok()?;
        text.get(start..start.checked_add(len)?)
    }
}

/// No time.
pub(crate) const NEVER_TOLD: u64 = u64::MAX;
/// No time, of a token that speaks for itself and does not say it.
pub(crate) const LEFT_OUT: u64 = u64::MAX - 1;
/// The caller showed no token.
pub(crate) const NO_TOKEN: u32 = u32::MAX;
/// The caller's token has no id.
pub(crate) const NO_ID: u32 = u32::MAX - 1;
/// The id is in a field of its own.
pub(crate) const APART: u32 = u32::MAX - 2;
