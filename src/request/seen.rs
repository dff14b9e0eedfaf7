//! What a layer has read of a request, so that providers need not read it again.

use std::borrow::Cow;

use super::Place;

/// What stands in the places that were read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen<'a>([Option<Sight<'a>>; MOST]);

/// One place, and the credential that stands there if one does.
type Sight<'a> = (&'a Place, Option<&'a [u8]>);

impl<'a> Seen<'a> {
    /// Keeps what was read, if there is room for it and it need not be decoded.
    pub(crate) fn keep(&mut self, place: &'a Place, shown: &Option<Cow<'a, [u8]>>) {
        let shown = match shown {
            None => None,
            Some(Cow::Borrowed(bytes)) => Some(*bytes),
            Some(Cow::Owned(_)) => return,
        };
        if let Some(free) = self.0.iter_mut().find(|kept| kept.is_none()) {
            *free = Some((place, shown));
        }
    }

    /// What stands in a place; nothing where that was not kept.
    pub(super) fn find(&self, place: &Place) -> Option<Option<&'a [u8]>> {
        let mut kept = self.0.iter().map_while(|kept| *kept);
        kept.find(|(known, _)| *known == place)
            .map(|(_, shown)| shown)
    }
}

/// Few layers read more places; what is beyond is read again by whoever wants it.
const MOST: usize = 4;
