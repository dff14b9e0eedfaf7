//! Comma-separated values, as spreadsheets write them.

use csv::{Reader, ReaderBuilder, StringRecord};

use super::line::{Cells, Column, Line, WrongLine};
use crate::fault::Fault;

/// Reads the line of the columns' names, then a key from each line.
pub(super) fn read(text: &str) -> Result<Vec<Result<Line, WrongLine>>, Fault> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let columns = columns(&mut reader)?;
    let mut lines = Vec::new();
    for record in reader.records() {
        lines.push(match record {
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(record) => line(&columns, &record),
            // The error may quote what the line says.
            Err(error) => Err(WrongLine {
                number: error.position().map_or(0, csv::Position::line),
                why: "it has more or fewer cells than the first line names columns".to_owned(),
            }),
        });
    }
    Ok(lines)
}

/// A spreadsheet whose decimals have a comma writes semicolons.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let is_there = |delimiter: &&u8| head.contains(char::from(**delimiter));
    *[b',', b';', b'\t'].iter().find(is_there).unwrap_or(&b',')
}

/// The first line names the columns. A wrong name is told by its number: it may be a key, in a file
/// without such a line.
fn columns(reader: &mut Reader<&[u8]>) -> Result<Vec<Column>, Fault> {
    let wrong = |why: String| Fault::failed(format!("line 1: {why}: {COLUMNS}"));
    let head = reader.headers();
    let head = head.map_err(|_| wrong("it names no columns".to_owned()))?;
    let mut columns = Vec::new();
    for (index, name) in head.iter().enumerate() {
        let number = index + 1;
        match Column::named(name.trim().to_ascii_lowercase().as_str()) {
            Some(column) if columns.contains(&column) => {
                return Err(wrong(format!(
                    "column {number} has the name of another one"
                )));
            }
            Some(column) => columns.push(column),
            None => {
                return Err(wrong(format!(
                    "column {number} has a name that is not known"
                )));
            }
        }
    }
    match columns.contains(&Column::Digest) && columns.contains(&Column::Name) {
        true => Ok(columns),
        false => Err(wrong("digest or name is missing".to_owned())),
    }
}

fn line(columns: &[Column], record: &StringRecord) -> Result<Line, WrongLine> {
    let number = record.position().map_or(0, csv::Position::line);
    let mut cells = Cells::default();
    for (column, cell) in columns.iter().zip(record) {
        let put = cells.put(*column, cell);
        put.map_err(|why| WrongLine {
            number,
            why: why.to_owned(),
        })?;
    }
    cells.into_line(number)
}

const COLUMNS: &str = "write the names of the columns, which are digest, name, owner, owner_method, owner_issuer, tenant, scopes, \
                       expires_at, credits and metadata";
