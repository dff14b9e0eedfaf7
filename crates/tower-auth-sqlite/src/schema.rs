//! The tables, and how a file gets them.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tower_auth::keys::{Epoch, KeyStoreError};

use crate::fault::{Cause, Fault};

/// The newest schema that this program knows: how many steps there are.
const KNOWN: u32 = 1;

/// "tAut": tells a file of this crate from the database of another program.
const APPLICATION: i32 = 0x7441_7574;

/// From an empty file to the first schema.
///
/// `STRICT`: a column holds what it says. Texts compare by their bytes.
const FIRST: &str = "
CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    revision INTEGER NOT NULL CHECK (revision >= 0)
) STRICT;
CREATE TABLE keys (
    id TEXT PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    revision INTEGER NOT NULL UNIQUE,
    account TEXT NOT NULL,
    owner TEXT,
    tenant TEXT,
    idempotency TEXT UNIQUE,
    last_used INTEGER,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX keys_by_owner ON keys (owner, id);
CREATE INDEX keys_by_tenant ON keys (tenant, id);
CREATE TABLE deleted (
    revision INTEGER PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE TABLE credits (
    account TEXT PRIMARY KEY NOT NULL,
    remaining INTEGER NOT NULL CHECK (remaining >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    revision INTEGER PRIMARY KEY NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_key ON audit (key, revision);
";

/// Refuses a file that is another program's, or a newer one's. It writes nothing.
///
/// In a transaction: of a file that another process gives its tables meanwhile, it sees all or none of
/// them.
pub(crate) fn check(transaction: &Transaction<'_>) -> Result<(), Fault> {
    match version(transaction)? {
        0 if application(transaction)? == 0 && is_empty(transaction)? => Ok(()),
        0 => Err(Cause::Foreign.into()),
        _ if application(transaction)? != APPLICATION => Err(Cause::Foreign.into()),
        found => known(found),
    }
}

/// Fails unless the file has exactly the schema that this program knows: a newer program may have
/// changed it while this one was serving.
pub(crate) fn require(connection: &Connection) -> Result<(), Fault> {
    match version(connection)? {
        KNOWN => Ok(()),
        found if found > KNOWN => known(found),
        _ => Err(Fault::unreadable()),
    }
}

/// Brings the file to the newest schema, in one transaction: of two processes that begin at once, one
/// waits and then finds nothing to do.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    check(&transaction)?;
    if version(&transaction)? == 0 {
        first(&transaction)?;
    }
    transaction.commit()?;
    Ok(())
}

fn first(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction.execute_batch(FIRST)?;
    let epoch = Epoch::generate()?.as_u128().to_be_bytes();
    transaction.execute(
        "INSERT INTO store (one, epoch, revision) VALUES (1, ?1, 0)",
        params![epoch.as_slice()],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", KNOWN)?;
    Ok(())
}

fn known(found: u32) -> Result<(), Fault> {
    match found {
        0..=KNOWN => Ok(()),
        found => Err(KeyStoreError::NewerSchema {
            found,
            known: KNOWN,
        }
        .into()),
    }
}

fn version(connection: &Connection) -> Result<u32, Fault> {
    let mut statement = connection.prepare_cached("PRAGMA user_version")?;
    let version: i64 = statement.query_row([], |row| row.get(0))?;
    // A number that no program of ours writes is a newer one's too.
    Ok(u32::try_from(version).unwrap_or(u32::MAX))
}

fn application(connection: &Connection) -> Result<i32, Fault> {
    Ok(connection.query_row("PRAGMA application_id", [], |row| row.get(0))?)
}

fn is_empty(connection: &Connection) -> Result<bool, Fault> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    /// Between two statements of its own it would take the new tables for those of another program.
    #[test]
    fn a_file_that_gets_its_tables_meanwhile_is_no_other_program_s() {
        let path = env::temp_dir().join(format!("tower-auth-schema-{}.db", process::id()));
        let open = || {
            let connection = Connection::open(&path).unwrap();
            connection
                .pragma_update(None, "journal_mode", "WAL")
                .unwrap();
            connection
        };
        let (mut one, mut other) = (open(), open());
        let transaction = one.transaction().unwrap();
        assert_eq!(version(&transaction).unwrap(), 0);
        migrate(&mut other).unwrap();
        check(&transaction).unwrap();
        drop(transaction);
        check(&one.transaction().unwrap()).unwrap();
        assert_eq!(version(&one).unwrap(), KNOWN);
        drop((one, other));
        fs::remove_file(path).unwrap();
    }
}
