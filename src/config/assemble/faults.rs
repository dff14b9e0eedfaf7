//! What is wrong, by its kind.

use super::assembly::Assembly;
use crate::{config::fault::Place, error::ConfigErrorKind};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident,)*) => {
        impl Assembly<'_> {
            $($(#[doc = $doc])+
            pub(super) fn $name(&mut self, place: &Place, message: impl Into<String>) {
                self.faults.add(ConfigErrorKind::$kind, place, message);
            })*
        }
    };
}

faults! {
    /// Two members that say two things.
    conflict: Conflict,
    /// What is there twice.
    duplicate: Duplicate,
    /// A value that cannot be used.
    malformed: Malformed,
    /// What is not there.
    missing: Empty,
    /// A name that nobody knows.
    unknown: Unknown,
    /// A key of another kind.
    wrong_key: WrongKey,
}
