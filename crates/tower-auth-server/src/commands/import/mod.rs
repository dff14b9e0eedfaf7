//! `keys import`: keys that were made elsewhere, by their digests.

mod csv;
mod jsonl;
mod line;
mod rehearsal;

use std::{
    cell::RefCell,
    fs,
    io::{self, Read},
    path::Path,
};

use serde::Serialize;
use tower_auth::keys::{KeyAdmin, KeyAdminError, KeyId, KeyLookup, KeyStore};

use self::line::{Line, WrongLine};
use crate::{
    administration::{Administration, Missing},
    arguments::{Import, ImportFormat, Keys},
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output::{self, Array},
    plain::Plain,
};

pub(super) async fn run(keys: &Keys, import: &Import) -> Result<(), Fault> {
    // Everything that the file itself says wrongly is said before a store is opened or made.
    let lines = read(import)?;
    let lines = all_good(rehearsal::rehearse(lines).await?)?;
    let report = RefCell::new(Report::new(import));
    let work = import_all(keys, import, &lines, &report);
    let done = unless_interrupted("the import", work).await;
    match done {
        Ok(()) => report.into_inner().end(),
        Err(fault) => Err(report.into_inner().broken_off(fault)),
    }
}

async fn import_all(
    keys: &Keys,
    import: &Import,
    lines: &[Line],
    report: &RefCell<Report>,
) -> Result<(), Fault> {
    let opening = Administration::open(
        keys,
        match import.dry_run {
            true => Missing::Fails,
            false => Missing::IsMade,
        },
    );
    let administration = opening.await?;
    let admin = administration.admin()?;
    for line in lines {
        report.borrow_mut().begin(line);
        let outcome = carry_out(line, &administration, &admin, import.dry_run).await?;
        report.borrow_mut().line(line, outcome)?;
    }
    Ok(())
}

/// What became of a line.
enum Outcome {
    Imported(KeyId),
    Present(KeyId),
    WouldBeImported,
}

async fn carry_out(
    line: &Line,
    administration: &Administration,
    admin: &KeyAdmin,
    is_dry_run: bool,
) -> Result<Outcome, Fault> {
    if let Some(id) = present(line, administration.store()).await? {
        return Ok(Outcome::Present(id));
    }
    if is_dry_run {
        return Ok(Outcome::WouldBeImported);
    }
    match admin.import(line.digest, line.request.clone()).await {
        Ok(key) => Ok(Outcome::Imported(key.record().id().clone())),
        // Another import may have come between.
        Err(error @ KeyAdminError::Conflict(_)) => {
            let id = present(line, administration.store()).await?;
            id.map(Outcome::Present).ok_or_else(|| error.into())
        }
        Err(error) => Err(of_change(error)),
    }
}

async fn present(line: &Line, store: &dyn KeyStore) -> Result<Option<KeyId>, Fault> {
    let found = store.find(KeyLookup::Digest(line.digest)).await?;
    Ok(found.value.map(|key| key.record().id().clone()))
}

fn read(import: &Import) -> Result<Vec<Result<Line, WrongLine>>, Fault> {
    let is_stdin = import.file == Path::new("-");
    let ending = import.file.extension().and_then(|ending| ending.to_str());
    let format = match (import.format, ending) {
        (Some(format), _) => format,
        (None, Some("csv" | "CSV")) if !is_stdin => ImportFormat::Csv,
        (None, Some("jsonl" | "ndjson")) if !is_stdin => ImportFormat::Jsonl,
        _ => {
            return Err(Fault::usage(
                "the file's name tells no format: write --format csv or --format jsonl",
            ));
        }
    };
    let read = match is_stdin {
        true => {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        }
        false => fs::read(&import.file),
    };
    let file = Plain(import.file.display());
    let bytes = read.map_err(|error| Fault::failed(format!("{file} cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Fault::failed(format!(
            "{file} is not UTF-8: save it as UTF-8 (in a spreadsheet \"CSV UTF-8\")"
        ))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = match format {
        ImportFormat::Csv => csv::read(text)?,
        ImportFormat::Jsonl => jsonl::read(text),
    };
    match lines.is_empty() {
        true => Err(Fault::failed(format!(
            "{file} has no keys in it: write a line for each"
        ))),
        false => Ok(lines),
    }
}

/// All lines, or a line on standard error for each that is wrong.
fn all_good(lines: Vec<Result<Line, WrongLine>>) -> Result<Vec<Line>, Fault> {
    let (mut good, mut wrong) = (Vec::with_capacity(lines.len()), 0_usize);
    for line in lines {
        match line {
            Ok(line) => good.push(line),
            Err(WrongLine { number, why }) => {
                wrong += 1;
                output::note(&Plain(format_args!("line {number}: {why}")));
            }
        }
    }
    match wrong {
        0 => Ok(good),
        1 => Err(Fault::failed(
            "nothing is imported: mend that line, and import again",
        )),
        _ => Err(Fault::failed(format!(
            "nothing is imported: mend those {wrong} lines, and import again"
        ))),
    }
}

/// What was done so far, told as it is done.
struct Report {
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
    fn new(import: &Import) -> Self {
        Self {
            array: import.json.then(Array::new),
            imported: 0,
            present: 0,
            begun: None,
            is_dry_run: import.dry_run,
        }
    }

    fn line(&mut self, line: &Line, outcome: Outcome) -> Result<(), Fault> {
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

    fn begin(&mut self, line: &Line) {
        self.begun = Some(line.number);
    }

    /// What is done is done: an import is as many changes as it has lines.
    fn broken_off(self, fault: Fault) -> Fault {
        let Some(number) = self.begun else {
            return fault;
        };
        if let Some(array) = self.array {
            // The document is whole, as far as it goes; the fault is told anyway.
            let _ = array.end();
        }
        let imported = self.imported;
        let where_and_what = format!(
            "at line {number}, after {imported} keys: import the file again, what is there is passed over"
        );
        match fault {
            Fault::Interrupted(_) => {
                Fault::Interrupted(format!("stopped by Ctrl-C {where_and_what}"))
            }
            fault => fault.and(format!("stopped {where_and_what}")),
        }
    }

    fn end(self) -> Result<(), Fault> {
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
