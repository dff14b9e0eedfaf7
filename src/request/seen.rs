//! The credentials that a layer has read already, so that providers need not read them again.

use std::borrow::Cow;

use super::Place;

/// The places that were read, and what stands there.
#[derive(Clone, Copy, Default)]
pub(crate) struct SeenCredentials<'a>([Option<SeenPlace<'a>>; MOST]);

/// A place that was read.
#[derive(Clone, Copy)]
pub(super) struct SeenPlace<'a> {
    place: &'a Place,
    /// The credential there, if there is one.
    pub(super) credential: Option<&'a [u8]>,
}

impl<'a> SeenCredentials<'a> {
    /// Keeps what was read, if there is room for it and it need not be decoded.
    pub(crate) fn keep(&mut self, place: &'a Place, shown: &Option<Cow<'a, [u8]>>) {
        let credential = match shown {
            None => None,
            Some(Cow::Borrowed(bytes)) => Some(*bytes),
            Some(Cow::Owned(_)) => return,
        };
        if let Some(free) = self.0.iter_mut().find(|kept| kept.is_none()) {
            *free = Some(SeenPlace { place, credential });
        }
    }

    /// The kept reading of a place.
    pub(super) fn find(&self, place: &Place) -> Option<SeenPlace<'a>> {
        let mut kept = self.0.iter().map_while(|kept| *kept);
        kept.find(|seen| seen.place == place)
    }
}

/// Few layers read more places; what is beyond is read again by whoever wants it.
const MOST: usize = 4;
