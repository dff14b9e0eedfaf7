//! `keys import`: keys that were made elsewhere, by their digests.

mod csv;
mod jsonl;
mod line;
mod rehearsal;
mod report;

use std::{
    cell::RefCell,
    fs,
    io::{self, Read},
    path::Path,
};

use tower_auth::keys::{KeyAdmin, KeyAdminError, KeyId, KeyLookup, KeyStore};

use self::{
    line::{Line, WrongLine},
    report::{Outcome, Report},
};
use crate::{
    administration::{Administration, Missing},
    arguments::{Import, ImportFormat, Keys},
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output,
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
            true => Missing::IsEmpty,
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
