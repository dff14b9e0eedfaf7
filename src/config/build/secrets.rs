//! Secrets and keys that stand in files of their own.

use super::Builder;
use crate::{
    config::{
        fault::Place,
        read::{Slot, Spot},
        source,
    },
    error::ConfigErrorKind,
    secret::Secret,
};

impl Builder<'_> {
    /// A secret that stands in the document or in a file that the document names.
    pub(super) fn secret(
        &mut self,
        secret: &Slot<Secret>,
        file: &Slot<String>,
        (name, file_name): (&str, &str),
        place: &Place,
    ) -> Slot<Secret> {
        match (secret, file) {
            (_, Slot::Absent) => secret.clone(),
            (Slot::Absent, Slot::Here(file)) => match self.secret_file(file) {
                Some(secret) => Slot::Here(secret),
                None => Slot::Faulty,
            },
            (Slot::Here(_), Slot::Here(_)) => {
                let message =
                    format!("both `{name}` and `{file_name}` are there: keep one of the two");
                self.faults.add(ConfigErrorKind::Conflict, place, message);
                Slot::Faulty
            }
            (Slot::Faulty, _) | (_, Slot::Faulty) => Slot::Faulty,
        }
    }

    /// The secret that a file holds.
    pub(super) fn secret_file(&mut self, file: &Spot<String>) -> Option<Spot<Secret>> {
        let path = self.config.source.folder().join(&file.value);
        match source::read_secret(&path, self.seen) {
            Ok(value) => Some(Spot {
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
    pub(super) fn file_text(&mut self, file: &Spot<String>, largest: u64) -> Option<Secret> {
        let path = self.config.source.folder().join(&file.value);
        match source::read_text(&path, largest, self.seen) {
            Ok(text) => Some(text),
            Err(why) => {
                self.unreadable(file, &why);
                None
            }
        }
    }

    fn unreadable(&mut self, file: &Spot<String>, why: &str) {
        let message = format!("{why} (a relative path starts from this file's folder)");
        self.faults
            .add(ConfigErrorKind::Unknown, &file.place, message);
    }
}
