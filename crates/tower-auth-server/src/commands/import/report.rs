//! What an import tells, as it is done.

use serde::Serialize;
use tower_auth::keys::KeyId;

use super::line::Line;
use crate::{
    arguments::Import,
    fault::Fault,
    output::{self, Array},
    plain::Plain,
};

/// What became of a line.
pub(super) enum Outcome {
    Imported(KeyId),
    Present(KeyId),
    WouldBeImported,
}

/// What was done so far, told as it is done.
pub(super) struct Report {
    array: Option<Array>,
    imported: usize,
    present: usize,
    /// The number of the line that is carried out.
    begun: Option<u64>,
    is_dry_run: bool,
}

/// A line of the file as a document.
#[derive(Serialize)]
struct LineView<'a> {
    line: u64,
    result: &'static str,
    id: Option<&'a KeyId>,
    name: &'a str,
}

impl Report {
    pub(super) fn new(import: &Import) -> Self {
        Self {
            array: import.json.then(Array::new),
            imported: 0,
            present: 0,
            begun: None,
            is_dry_run: import.dry_run,
        }
    }

    pub(super) fn line(&mut self, line: &Line, outcome: Outcome) -> Result<(), Fault> {
        let (result, id) = match &outcome {
            Outcome::Imported(id) => ("imported", Some(id)),
            Outcome::Present(id) => ("present", Some(id)),
            Outcome::WouldBeImported => ("new", None),
        };
        match &outcome {
            Outcome::Present(_) => self.present += 1,
            Outcome::Imported(_) | Outcome::WouldBeImported => self.imported += 1,
        }
        let (number, name) = (line.number, line.name.as_str());
        let Some(array) = &mut self.array else {
            let id = id.map_or_else(String::new, |id| format!(" {id}"));
            return output::line(&format!("line {number}: {result}{id} {}", Plain(name)));
        };
        array.push(&LineView {
            line: number,
            result,
            id,
            name,
        })
    }

    pub(super) fn begin(&mut self, line: &Line) {
        self.begun = Some(line.number);
    }

    /// What is done is done: an import is as many changes as it has lines.
    pub(super) fn broken_off(self, fault: Fault) -> Fault {
        let Some(number) = self.begun else {
            return fault;
        };
        if let Some(array) = self.array {
            // The document is whole, as far as it goes; the fault is told anyway.
            let _ = array.end();
        }
        let imported = self.imported;
        let where_and_what = format!(
            "at line {number}, with {imported} imported: import the file again, what is there is passed over"
        );
        match fault {
            Fault::Interrupted(_) => {
                Fault::Interrupted(format!("stopped by Ctrl-C {where_and_what}"))
            }
            Fault::NobodyReads => Fault::failed(format!(
                "standard output is closed: stopped {where_and_what}"
            )),
            fault => fault.and(format!("stopped {where_and_what}")),
        }
    }

    pub(super) fn end(self) -> Result<(), Fault> {
        if let Some(array) = self.array {
            return array.end();
        }
        let (imported, present) = (self.imported, self.present);
        let done = if self.is_dry_run {
            "would be imported"
        } else {
            "imported"
        };
        output::note(&format!("{imported} {done}, {present} were there already"));
        Ok(())
    }
}
