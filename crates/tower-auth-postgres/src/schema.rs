//! The tables, and how a database gets them.

use tokio::time::Instant;
use tokio_postgres::types::Type;
use tower_auth::keys::Epoch;

use crate::{
    fault::{Cause, Fault},
    pool::Pool,
    transaction::{Mode, Statement, Transaction, column, once},
    version::{KNOWN, require},
};

/// From nothing to the first schema.
///
/// Texts that are looked up compare by their bytes. `fillfactor`: a page keeps room for what changes
/// often, so that no index has to be changed with it.
const FIRST: &str = "
CREATE TABLE tower_auth.store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    epoch bytea NOT NULL CHECK (octet_length(epoch) = 16),
    revision bigint NOT NULL CHECK (revision >= 0)
);
CREATE TABLE tower_auth.keys (
    id text COLLATE \"C\" PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    revision bigint NOT NULL UNIQUE,
    account text COLLATE \"C\" NOT NULL,
    owner text COLLATE \"C\",
    tenant text COLLATE \"C\",
    idempotency text COLLATE \"C\" UNIQUE,
    last_used bigint,
    record text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX keys_by_owner ON tower_auth.keys (owner, id);
CREATE INDEX keys_by_tenant ON tower_auth.keys (tenant, id);
CREATE TABLE tower_auth.deleted (
    revision bigint PRIMARY KEY,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);
CREATE TABLE tower_auth.credits (
    account text COLLATE \"C\" PRIMARY KEY,
    remaining bigint NOT NULL CHECK (remaining >= 0)
) WITH (fillfactor = 50);
CREATE TABLE tower_auth.audit (
    revision bigint PRIMARY KEY,
    key text COLLATE \"C\" NOT NULL,
    record text NOT NULL
);
CREATE INDEX audit_by_key ON tower_auth.audit (key, revision);
";

/// From the first schema to the second: revocations of tokens.
const SECOND: &str = "
CREATE TABLE tower_auth.revocations (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    revision bigint NOT NULL UNIQUE,
    ends bigint NOT NULL,
    entry text NOT NULL
);
CREATE INDEX revocations_by_end ON tower_auth.revocations (ends);
";

/// What a database has of ours.
const FOUND: &str = "SELECT current_setting('server_encoding') = 'UTF8', pg_is_in_recovery(),
    EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tower_auth'),
    EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'tower_auth'),
    EXISTS (SELECT FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'tower_auth' AND relname = 'store' AND attname = 'version')";

/// Fails unless the tables are there. Older ones are brought to the newest schema.
pub(crate) async fn require_newest(pool: &Pool, until: Instant) -> Result<(), Fault> {
    match check(pool, until).await {
        Err(Fault::Unavailable(Cause::Older)) => migrate(pool, until).await,
        checked => checked,
    }
}

async fn check(pool: &Pool, until: Instant) -> Result<(), Fault> {
    let statement = Statement {
        sql: "SELECT 1",
        values: &[],
    };
    once(pool, Mode::Read, until, statement).await.map(drop)
}

/// Brings the database to the newest schema, in one transaction: of two processes that begin at once, one
/// waits and then finds nothing to do.
pub(crate) async fn migrate(pool: &Pool, until: Instant) -> Result<(), Fault> {
    let transaction = Transaction::begin_bare(pool, until).await?;
    match in_transaction(&transaction).await {
        Ok(()) => transaction.commit().await,
        Err(fault) => {
            transaction.roll_back().await;
            Err(fault)
        }
    }
}

async fn in_transaction(transaction: &Transaction) -> Result<(), Fault> {
    // "tAut", a number that no other program is likely to lock. The lock ends with the transaction.
    transaction
        .batch("SELECT pg_advisory_xact_lock(1950446964)")
        .await?;
    let found = transaction.rows(FOUND, &[]).await?;
    let found = found.first().ok_or_else(Fault::unreadable)?;
    let is = |place| column::<bool>(found, place);
    let [is_utf8, is_standby, has_schema, has_tables, has_store] =
        [is(0)?, is(1)?, is(2)?, is(3)?, is(4)?];
    if !is_utf8 {
        return Err(Cause::Encoding.into());
    }
    if is_standby {
        return Err(Cause::Standby.into());
    }
    if has_store {
        let version = transaction
            .rows("SELECT version FROM tower_auth.store", &[])
            .await?;
        let found = column(version.first().ok_or_else(Fault::unreadable)?, 0)?;
        if found == 1 {
            transaction.batch(SECOND).await?;
            let sql = "UPDATE tower_auth.store SET version = $1";
            transaction.rows(sql, &[(&KNOWN, Type::INT4)]).await?;
            return Ok(());
        }
        return require(found);
    }
    if has_tables {
        return Err(Cause::Foreign.into());
    }
    // Not `IF NOT EXISTS`: that asks for the right to make one even where it is there.
    if !has_schema {
        transaction.batch("CREATE SCHEMA tower_auth").await?;
    }
    transaction.batch(FIRST).await?;
    transaction.batch(SECOND).await?;
    let epoch = Epoch::generate()?.as_u128().to_be_bytes();
    let sql = "INSERT INTO tower_auth.store (version, epoch, revision) VALUES ($1, $2, 0)";
    transaction
        .rows(
            sql,
            &[(&KNOWN, Type::INT4), (&epoch.as_slice(), Type::BYTEA)],
        )
        .await?;
    Ok(())
}
