//! A member of a block, as it was found, and pairs of which one may be there.

use crate::{
    config::fault::{Faults, Place},
    error::ConfigErrorKind,
};

/// A member of a block.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum Slot<T> {
    Absent,
    /// Something stands there, and what is wrong with it has been told.
    Faulty,
    Present(Located<T>),
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(in crate::config) struct Located<T> {
    pub(in crate::config) value: T,
    pub(in crate::config) place: Place,
    /// Which member of its block it is.
    pub(in crate::config) order: usize,
}

/// Two are the same if their values are: a block that moved in the file still says what it said.
impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> Slot<T> {
    pub(in crate::config) fn present(&self) -> Option<&Located<T>> {
        match self {
            Self::Present(located) => Some(located),
            _ => None,
        }
    }

    pub(in crate::config) fn value(&self) -> Option<&T> {
        self.present().map(|located| &located.value)
    }

    pub(in crate::config) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(in crate::config) fn is_faulty(&self) -> bool {
        matches!(self, Self::Faulty)
    }

    pub(in crate::config) fn map<U>(self, change: impl FnOnce(T) -> U) -> Slot<U> {
        match self {
            Self::Absent => Slot::Absent,
            Self::Faulty => Slot::Faulty,
            Self::Present(located) => Slot::Present(Located {
                value: change(located.value),
                place: located.place,
                order: located.order,
            }),
        }
    }
}

impl Slot<bool> {
    /// Whether it is there and true.
    pub(in crate::config) fn is_true(&self) -> bool {
        self.value() == Some(&true)
    }
}

impl Slot<Vec<Located<String>>> {
    /// The texts of the list, where it is there.
    pub(in crate::config) fn texts(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.value()?.iter().map(|located| located.value.as_str()))
    }
}

/// Two members of a block, of which one may be there and not both.
pub(in crate::config) struct OneOf<'a, A, B> {
    pub(in crate::config) first: &'a Slot<A>,
    pub(in crate::config) second: &'a Slot<B>,
    /// What a message calls them.
    pub(in crate::config) names: [&'static str; 2],
    pub(in crate::config) place: &'a Place,
}

/// Which of two members is there.
pub(in crate::config) enum Which<'a, A, B> {
    First(&'a Located<A>),
    Second(&'a Located<B>),
    Neither,
    /// One of them is at fault, or both are there, which has been told.
    Faulty,
}

impl<'a, A, B> OneOf<'a, A, B> {
    pub(in crate::config) fn find(self, faults: &mut Faults) -> Which<'a, A, B> {
        match (self.first, self.second) {
            (Slot::Absent, Slot::Absent) => Which::Neither,
            (Slot::Present(first), Slot::Absent) => Which::First(first),
            (Slot::Absent, Slot::Present(second)) => Which::Second(second),
            (Slot::Present(_), Slot::Present(_)) => {
                let [one, other] = self.names;
                let message = format!("both {one} and {other} are there: keep one of the two");
                faults.add(ConfigErrorKind::Conflict, self.place, message);
                Which::Faulty
            }
            (Slot::Faulty, _) | (_, Slot::Faulty) => Which::Faulty,
        }
    }
}
