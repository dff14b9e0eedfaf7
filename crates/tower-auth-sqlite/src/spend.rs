//! Credits of many requests, spent in one transaction.

use std::time::{Instant, SystemTime};

use rusqlite::{OptionalExtension, Transaction, params};
use tokio::sync::oneshot;
use tower_auth::keys::{AsOf, KeyId, KeyStoreError, Spend};

use crate::{database::Database, fault::Fault, read::number};

/// A credit that a request waits for.
#[derive(Debug)]
pub(crate) struct Spending {
    pub(crate) account: KeyId,
    pub(crate) until: Instant,
    pub(crate) said: oneshot::Sender<Result<AsOf<Spend>, KeyStoreError>>,
}

/// Spends the credits of a batch. A commit waits for the disk: one wait answers all of them.
///
/// Each is told after the commit, so that none is accepted whose credit is not taken.
pub(crate) fn together(database: &mut Database, mut batch: Vec<Spending>) {
    // Nobody waits for it any more: its credit stays.
    batch.retain(|spending| !spending.said.is_closed());
    let Some(until) = batch.iter().map(|spending| spending.until).max() else {
        return;
    };
    let spent = database.write(until, |transaction| {
        let now = SystemTime::now().into();
        let spent = batch.iter().map(|spending| {
            let value = one(transaction, &spending.account)?;
            Ok(AsOf { now, value })
        });
        spent.collect::<Result<Vec<_>, Fault>>()
    });
    match spent {
        Ok(spent) => {
            for (spending, spent) in batch.into_iter().zip(spent) {
                let _ = spending.said.send(Ok(spent));
            }
        }
        Err(fault) => {
            let error = KeyStoreError::from(fault);
            for spending in batch {
                let _ = spending.said.send(Err(error.clone()));
            }
        }
    }
}

/// Takes one credit, where there is one.
fn one(transaction: &Transaction<'_>, account: &KeyId) -> Result<Spend, Fault> {
    let sql = "UPDATE credits SET remaining = remaining - 1
        WHERE account = ?1 AND remaining > 0 RETURNING remaining";
    let mut statement = transaction.prepare_cached(sql)?;
    let left = statement.query_row(params![account.as_str()], |row| row.get::<_, i64>(0));
    if let Some(left) = left.optional()? {
        return Ok(Spend::Spent {
            left: number(left)?,
        });
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM credits WHERE account = ?1)";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(
        match statement.query_row(params![account.as_str()], |row| row.get(0))? {
            true => Spend::Exhausted,
            false => Spend::NoAccount,
        },
    )
}
