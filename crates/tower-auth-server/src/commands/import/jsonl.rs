//! A JSON object in each line.

use serde_json::{Map, Value};

use super::line::{Cells, Column, Line, NO_METADATA, WrongLine};

pub(super) fn read(text: &str) -> Vec<Result<Line, WrongLine>> {
    (1..)
        .zip(text.lines())
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(number, text)| {
            let cells = cells(text);
            cells
                .map_err(|why| WrongLine {
                    number,
                    why: why.to_owned(),
                })
                .and_then(|cells| cells.into_line(number))
        })
        .collect()
}

fn cells(text: &str) -> Result<Cells, &'static str> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| NO_OBJECT)?;
    let mut cells = Cells::default();
    for (name, value) in object {
        let column = Column::named(&name).ok_or(NO_MEMBER)?;
        match (column, value) {
            (_, Value::Null) => {}
            (Column::Scopes, Value::Array(scopes)) => {
                let scopes = scopes.iter().map(|scope| scope.as_str().map(str::to_owned));
                cells.scopes = scopes.collect::<Option<_>>().ok_or(NO_SCOPES)?;
            }
            (Column::Metadata, Value::Object(metadata)) => cells.metadata = Some(metadata),
            (Column::Metadata, _) => return Err(NO_METADATA),
            (Column::Credits, Value::Number(number)) => cells.credits = Some(number.to_string()),
            (_, Value::String(text)) => cells.put(column, &text)?,
            _ => return Err(NO_TEXT),
        }
    }
    Ok(cells)
}

const NO_OBJECT: &str =
    "it is no JSON object: write {\"digest\": \"…\", \"name\": \"…\"} in one line";
const NO_MEMBER: &str = "it has a member that is not known: write digest, name, owner, owner_method, owner_issuer, tenant, scopes, \
                         expires_at, credits and metadata";
const NO_SCOPES: &str = "the scopes are no texts: write [\"invoices:read\"]";
const NO_TEXT: &str = "a member is neither a text nor null: write it between quotes";
