//! The URL of an engine, which something opens, and which is that of the file before.

use super::assembly::Assembly;
use crate::{
    config::{
        fault::Place,
        read::{Located, OneOf, Slot, Url},
    },
    error::ConfigError,
};

/// What a block says of its URL, and what to say where it does not.
pub(super) struct WrittenUrl<'b> {
    pub(super) url: &'b Slot<Url>,
    pub(super) file: &'b Slot<String>,
    /// Of the block.
    pub(super) place: &'b Place,
    pub(super) missing: &'static str,
    pub(super) another: &'static str,
}

impl Assembly<'_> {
    /// The URL of a block, if nothing is wrong with it. `known` checks that something opens it.
    pub(super) fn engine_url<U: PartialEq>(
        &mut self,
        written: &WrittenUrl<'_>,
        parse: impl FnOnce(&str) -> Result<U, ConfigError>,
        known: impl FnOnce(&U) -> Result<(), ConfigError>,
        former: Option<&U>,
    ) -> Option<Located<U>> {
        let url = written.url.clone().map(|url| url.0);
        let text = self.secret(OneOf {
            first: &url,
            second: written.file,
            names: ["`url`", "`url_file`"],
            place: written.place,
        });
        let Slot::Present(text) = text else {
            if text.is_absent() {
                self.missing(written.place, written.missing);
            }
            return None;
        };
        let place = text.place;
        let url = self.faults.keep(&place, parse(text.value.expose()))?;
        self.faults.keep(&place, known(&url))?;
        if former.is_some_and(|former| *former != url) {
            self.conflict(&place, written.another);
        }
        Some(Located {
            value: url,
            place,
            order: text.order,
        })
    }
}
