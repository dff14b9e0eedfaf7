//! The tables, and how a file gets them.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tower_auth::keys::{Epoch, KeyStoreError};

use crate::fault::{Cause, Fault};

/// The newest schema that this program knows: how many steps there are.
const KNOWN: u32 = 3;

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

/// The condition of that index: every unrevoked key that grants `keys:write`, and maybe others. SQLite
/// uses a partial index only for a question with exactly its condition.
macro_rules! may_write {
    () => {
        "json_extract(record, '$.revoked') IS NULL
            AND (instr(json_extract(record, '$.scopes'), 'keys:write') > 0
                OR instr(json_extract(record, '$.scopes'), '*') > 0)"
    };
}
pub(crate) use may_write;

/// From the first schema to the second: whether any key may write keys is asked of an index, not of
/// every record.
const SECOND: &str = concat!(
    "CREATE INDEX keys_that_may_write ON keys (id) WHERE ",
    may_write!(),
    ";"
);

/// From the second schema to the third: revocations of tokens.
const THIRD: &str = "
CREATE TABLE revocations (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
    revision INTEGER NOT NULL UNIQUE,
    ends INTEGER NOT NULL,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX revocations_by_end ON revocations (ends);
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
    let found = version(&transaction)?;
    if found == 0 {
        first(&transaction)?;
    }
    if found < 2 {
        transaction.execute_batch(SECOND)?;
    }
    if found < 3 {
        transaction.execute_batch(THIRD)?;
    }
    if found < KNOWN {
        transaction.pragma_update(None, "user_version", KNOWN)?;
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

    #[test]
    fn a_file_of_the_first_schema_becomes_one_of_the_newest() {
        let mut connection = Connection::open_in_memory().unwrap();
        let transaction = connection.transaction().unwrap();
        first(&transaction).unwrap();
        transaction.pragma_update(None, "user_version", 1).unwrap();
        let sql = "INSERT INTO keys (id, digest, revision, account, record)
            VALUES ('key_1', zeroblob(32), 1, 'key_1', '{\"scopes\":[\"keys:write\"]}')";
        transaction.execute(sql, []).unwrap();
        transaction.commit().unwrap();
        assert!(require(&connection).is_err(), "it is not read as it is");
        migrate(&mut connection).unwrap();
        require(&connection).unwrap();
        let sql = concat!(
            "SELECT id FROM keys INDEXED BY keys_that_may_write WHERE ",
            may_write!()
        );
        let found: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(found, "key_1");
        migrate(&mut connection).unwrap();
    }
}
