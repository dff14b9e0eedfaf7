//! `keys list`.

use tower_auth::keys::{ManagedKey, Timestamp};

use crate::{
    administration::{Administration, Missing, PAGE},
    arguments::{Keys, List},
    fault::Fault,
    output::{self, Array},
    table::{Column, Table},
    time,
    view::{self, KeyState, KeyView},
};

pub(super) async fn run(keys: &Keys, list: &List) -> Result<(), Fault> {
    let administration = Administration::open(keys, Missing::Fails).await?;
    let now = administration.now().await?;
    let admin = administration.admin()?;
    let mut shown = match list.json {
        true => Shown::Json(Array::new()),
        false => Shown::Table(Table::new(TABLE)),
    };
    let mut after = None;
    loop {
        let page = admin.list(after, PAGE).await?;
        after = page.items.last().map(|key| key.record().id().clone());
        let wanted = |key: &ManagedKey| list.all || key.record().is_live(now);
        let wanted: Vec<_> = page.items.into_iter().filter(wanted).collect();
        shown.page(&wanted, now, page.has_more)?;
        if !page.has_more || after.is_none() {
            break;
        }
    }
    shown.end(list.all)
}

enum Shown {
    Json(Array),
    Table(Table<COLUMNS>),
}

impl Shown {
    fn page(&mut self, keys: &[ManagedKey], now: Timestamp, has_more: bool) -> Result<(), Fault> {
        match self {
            Self::Json(array) => keys
                .iter()
                .try_for_each(|key| array.push(&KeyView::of(key, now))),
            Self::Table(table) => {
                let rows = keys.iter().map(|key| row(key, now));
                table.print(rows.collect(), has_more)
            }
        }
    }

    fn end(self, is_all: bool) -> Result<(), Fault> {
        match self {
            Self::Json(array) => array.end(),
            Self::Table(table) if !table.is_empty() => Ok(()),
            Self::Table(_) => {
                output::note(&match is_all {
                    true => "the store has no keys: `tower-auth keys create` makes one",
                    false => {
                        "the store has no live keys: --all shows those that are expired or revoked"
                    }
                });
                Ok(())
            }
        }
    }
}

fn row(key: &ManagedKey, now: Timestamp) -> [String; COLUMNS] {
    let record = key.record();
    let ends = match (KeyState::of(record, now), record.expires_at()) {
        (KeyState::Revoked, _) => "revoked".to_owned(),
        (KeyState::Expired, _) => "expired".to_owned(),
        (KeyState::Live, Some(at)) => time::day(at),
        (KeyState::Live, None) => "never".to_owned(),
    };
    let start = match record.is_imported() {
        true => "imported".to_owned(),
        false => end_of(record.start()),
    };
    let owner = record.owner().map_or("", view::owner);
    [record.id().as_str(), record.name(), owner, &start, &ends].map(str::to_owned)
}

/// The last characters of a key's start: the prefix before them is that of all keys.
fn end_of(start: &str) -> String {
    match start.len().checked_sub(LONGEST_START) {
        None | Some(0) => start.to_owned(),
        Some(left_out) => format!("…{}", start.get(left_out + 1..).unwrap_or_default()),
    }
}

const COLUMNS: usize = 5;
const TABLE: [Column; COLUMNS] = [
    Column::Whole("ID", 30),
    Column::Cut("NAME"),
    Column::Cut("OWNER"),
    Column::Whole("KEY", LONGEST_START),
    Column::Whole("EXPIRES", 10),
];
/// `sk_live_Ab3d`, or as many characters of a longer one.
const LONGEST_START: usize = 12;
