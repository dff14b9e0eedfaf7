//! Without the feature `shared`, every process counts alone.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::shared::{Admission, Count};

/// No value of it exists.
#[derive(Clone, Debug)]
pub(crate) struct SharedCounts(Infallible);

impl SharedCounts {
    pub(crate) fn admit(&self, _: &[Count]) -> Asked {
        match self.0 {}
    }

    pub(crate) fn take_if_there(&self, _: &[Count]) {
        match self.0 {}
    }

    pub(crate) fn charge(&self, _: &[Count]) {
        match self.0 {}
    }

    pub(crate) fn give_back(&self, _: &[Count]) {
        match self.0 {}
    }
}

/// No value of it exists.
#[expect(dead_code, reason = "nobody asks")]
pub(crate) enum Asked {
    Answered(Option<Admission>),
    Waiting(Asking),
}

/// No value of it exists.
pub(crate) struct Asking(Infallible);

impl Asking {
    pub(crate) fn give_up(self, _: &[Count]) {
        match self.0 {}
    }
}

impl Future for Asking {
    type Output = Option<Admission>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {}
    }
}
