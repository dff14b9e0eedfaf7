//! `keys audit`.

use tower_auth::keys::AuditRecord;

use crate::{
    administration::{Administration, Missing, PAGE},
    arguments::{Audit, Keys},
    fault::Fault,
    output::{self, Array},
    table::{self, Table},
    time::rfc3339,
    view::{self, AuditView},
};

pub(super) async fn run(keys: &Keys, audit: &Audit) -> Result<(), Fault> {
    let administration = Administration::open(keys, Missing::Fails).await?;
    let admin = administration.admin()?;
    let mut array = audit.json.then(Array::new);
    let mut table = None;
    let mut left = audit.limit.unwrap_or(usize::MAX);
    let mut before = None;
    while left > 0 {
        let page = admin
            .audit(audit.id.as_ref(), before, left.min(PAGE))
            .await?;
        left -= page.items.len().min(left);
        before = page.items.last().map(AuditRecord::revision);
        match &mut array {
            Some(array) => {
                page.items
                    .iter()
                    .try_for_each(|record| array.push(&AuditView::of(record)))?;
            }
            None => print(&page.items, &mut table)?,
        }
        if !page.has_more || before.is_none() {
            break;
        }
    }
    match (array, table) {
        (Some(array), _) => array.end(),
        (None, Some(_)) => Ok(()),
        (None, None) => {
            output::note(&"there are no audit records: nobody changed anything");
            Ok(())
        }
    }
}

fn print(records: &[AuditRecord], table: &mut Option<Table<COLUMNS>>) -> Result<(), Fault> {
    if records.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<_> = records.iter().map(row).collect();
    if table.is_none() {
        rows.insert(0, HEAD.map(str::to_owned));
    }
    let table = table.get_or_insert_with(|| Table::fit(&rows, &FLEXIBLE, table::line_width()));
    let lines: String = rows.iter().map(|row| table.line(row) + "\n").collect();
    output::print(&lines)
}

fn row(record: &AuditRecord) -> [String; COLUMNS] {
    let key = record.after().or(record.before());
    let seconds = rfc3339(record.at())
        .chars()
        .take("2027-02-27T01:40:00".len())
        .collect();
    [
        seconds,
        view::actor(record.by()).to_owned(),
        view::action(record.action()).to_owned(),
        record.key().to_string(),
        key.map_or("", |key| key.name()).to_owned(),
    ]
}

const COLUMNS: usize = 5;
const HEAD: [&str; COLUMNS] = ["TIME (UTC)", "BY", "ACTION", "KEY", "NAME"];
const FLEXIBLE: [usize; 2] = [1, 4];
