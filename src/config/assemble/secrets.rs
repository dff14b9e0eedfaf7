//! Secrets and keys that stand in files of their own.

use super::assembly::Assembly;
use crate::{
    config::{
        read::{Located, OneOf, Slot, Which},
        source,
    },
    secret::Secret,
};

impl Assembly<'_> {
    /// A secret that stands in the document or in a file that the document names.
    pub(super) fn secret(&mut self, members: OneOf<'_, Secret, String>) -> Slot<Secret> {
        match members.find(&mut self.faults) {
            Which::First(secret) => Slot::Present(secret.clone()),
            Which::Second(file) => match self.secret_file(file) {
                Some(secret) => Slot::Present(secret),
                None => Slot::Faulty,
            },
            Which::Neither => Slot::Absent,
            Which::Faulty => Slot::Faulty,
        }
    }

    /// The secret that a file holds.
    pub(super) fn secret_file(&mut self, file: &Located<String>) -> Option<Located<Secret>> {
        let path = self.config.source.folder().join(&file.value);
        match source::read_secret(&path, self.files) {
            Ok(value) => Some(Located {
                value,
                place: file.place.clone(),
                order: file.order,
            }),
            Err(why) => {
                self.unreadable(file, &why);
                None
            }
        }
    }

    /// The text of a file that holds a key or certificates, of at most so many bytes.
    pub(super) fn file_text(&mut self, file: &Located<String>, largest: u64) -> Option<Secret> {
        let path = self.config.source.folder().join(&file.value);
        match source::read_text(&path, largest, self.files) {
            Ok(text) => Some(text),
            Err(why) => {
                self.unreadable(file, &why);
                None
            }
        }
    }

    fn unreadable(&mut self, file: &Located<String>, why: &str) {
        let message = format!("{why} (a relative path starts from this file's folder)");
        self.unknown(&file.place, message);
    }
}
