//! `audit`.

use tower_auth::keys::AuditRecord;

use crate::{
    administration::{Administration, Missing, PAGE},
    arguments::Audit,
    fault::Fault,
    output::{self, Array},
    table::{Column, Table},
    view::{self, AuditView},
};

pub(super) async fn run(audit: &Audit) -> Result<(), Fault> {
    let store = audit.store.as_deref();
    let administration = Administration::open_at(store, None, Missing::Fails).await?;
    let admin = administration.admin()?;
    let mut array = audit.json.then(Array::new);
    let mut table = Table::new(TABLE);
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
            None => table.print(page.items.iter().map(row).collect(), page.has_more)?,
        }
        if !page.has_more || before.is_none() {
            break;
        }
    }
    match (array, table.is_empty()) {
        (Some(array), _) => array.end(),
        (None, false) => Ok(()),
        (None, true) => {
            output::note(&"there are no audit records: nobody changed anything");
            Ok(())
        }
    }
}

fn row(record: &AuditRecord) -> [String; COLUMNS] {
    let key = record.after().or(record.before());
    let name = match record.revocation() {
        Some(revocation) => {
            let user = revocation.principal().map(|principal| principal.user_id());
            let user = user.or(revocation.user_id());
            user.or(revocation.jti()).unwrap_or_default()
        }
        None => key.map_or("", |key| key.name()),
    };
    let seconds = record
        .at()
        .to_string()
        .chars()
        .take("2027-02-27T01:40:00".len())
        .collect();
    [
        seconds,
        view::actor(record.by()).to_owned(),
        view::action(record.action()).to_owned(),
        record.key().to_string(),
        name.to_owned(),
    ]
}

const COLUMNS: usize = 5;
const TABLE: [Column; COLUMNS] = [
    Column::Whole("TIME (UTC)", 19),
    Column::Cut("BY"),
    Column::Whole("ACTION", 8),
    Column::Whole("KEY", 30),
    Column::Cut("NAME"),
];
