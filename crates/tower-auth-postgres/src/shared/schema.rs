//! The tables, in a schema of their own: nobody needs keys to count requests.

use tokio::time::Instant;
use tokio_postgres::types::Type;

use super::statement::in_words;
use crate::{
    fault::{Cause, Fault},
    pool::Pool,
    transaction::{Transaction, column},
};

/// The newest schema that this program knows: how many steps there are.
const KNOWN: i32 = 1;

/// From nothing to the first schema.
///
/// A bucket is the time after which it is full again, in nanoseconds, and the moment at which that was so, in
/// microseconds: a clock that goes back takes nothing and gives nothing. Buckets are in no log: a server
/// that crashes counts anew. What is done once is in the log, as keys are.
const FIRST: &str = "
CREATE TABLE tower_auth_shared.store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL
);
CREATE UNLOGGED TABLE tower_auth_shared.counts (
    bucket bytea PRIMARY KEY CHECK (octet_length(bucket) = 16),
    lack numeric NOT NULL CHECK (lack >= 0),
    at bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE tower_auth_shared.once (
    name bytea PRIMARY KEY CHECK (octet_length(name) = 32),
    attempt bytea CHECK (octet_length(attempt) = 16),
    until bigint NOT NULL
);
CREATE INDEX once_by_end ON tower_auth_shared.once (until);
CREATE FUNCTION tower_auth_shared.micros() RETURNS bigint LANGUAGE sql VOLATILE SET search_path = pg_catalog
    AS $$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;
CREATE FUNCTION tower_auth_shared.take(
    mode text, buckets bytea[], costs numeric[], capacities numeric[],
    OUT is_taken boolean, OUT lacks numeric[]
) LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    moment bigint;
    found numeric;
    wanted bigint;
    locked bigint;
BEGIN
    SELECT count(DISTINCT one) INTO wanted FROM unnest(buckets) AS one;
    -- In one order for everybody, so that nobody waits in a circle. A bucket that was swept away in between is
    -- made again.
    LOOP
        INSERT INTO tower_auth_shared.counts (bucket, lack, at)
            SELECT DISTINCT one, 0, 0 FROM unnest(buckets) AS one ORDER BY one ON CONFLICT DO NOTHING;
        SELECT count(*) INTO locked FROM (
            SELECT FROM tower_auth_shared.counts WHERE bucket = ANY (buckets) ORDER BY bucket FOR UPDATE
        ) AS held;
        EXIT WHEN locked = wanted;
    END LOOP;
    moment := tower_auth_shared.micros();
    UPDATE tower_auth_shared.counts
        SET lack = greatest(0, lack - greatest(0, moment - at) * 1000::numeric), at = moment
        WHERE bucket = ANY (buckets);
    is_taken := true;
    lacks := '{}';
    IF mode = 'admit' THEN
        FOR number IN 1 .. cardinality(buckets) LOOP
            SELECT least(lack + costs[number], 18446744073709551615) INTO found
                FROM tower_auth_shared.counts WHERE bucket = buckets[number];
            is_taken := is_taken AND found <= capacities[number];
            lacks := lacks || found;
        END LOOP;
        IF NOT is_taken THEN RETURN; END IF;
        lacks := '{}';
    END IF;
    FOR number IN 1 .. cardinality(buckets) LOOP
        UPDATE tower_auth_shared.counts SET lack = CASE mode
            WHEN 'give_back' THEN greatest(0, lack - costs[number])
            ELSE least(lack + costs[number], 18446744073709551615) END
            WHERE bucket = buckets[number] RETURNING lack INTO found;
        lacks := lacks || found;
    END LOOP;
END $$;
";

/// What a database has of ours.
const FOUND: &str = "SELECT pg_is_in_recovery(),
    EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tower_auth_shared'),
    EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'tower_auth_shared'),
    EXISTS (SELECT FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'tower_auth_shared' AND relname = 'store' AND attname = 'version')";

/// Fails unless the tables are there, in the version that this program knows, and may be changed.
pub(super) async fn check(pool: &Pool, until: Instant) -> Result<(), Fault> {
    let sql = "SELECT version, pg_is_in_recovery() FROM tower_auth_shared.store";
    let found = in_words(pool, until, sql, &[]).await?;
    let found = found.first().ok_or_else(Fault::unreadable)?;
    require(column(found, 0)?)?;
    match column(found, 1)? {
        true => Err(Cause::Standby.into()),
        false => Ok(()),
    }
}

fn require(found: i32) -> Result<(), Fault> {
    match found {
        KNOWN => Ok(()),
        found if found > KNOWN => Err(Cause::NewerShared.into()),
        _ => Err(Fault::unreadable()),
    }
}

/// Brings the database to the newest schema, in one transaction: of two processes that begin at once, one
/// waits and then finds nothing to do.
pub(super) async fn migrate(pool: &Pool, until: Instant) -> Result<(), Fault> {
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
    // "tAus", a number that no other program is likely to lock. The lock ends with the transaction.
    transaction
        .batch("SELECT pg_advisory_xact_lock(1950446963)")
        .await?;
    let found = transaction.rows(FOUND, &[]).await?;
    let found = found.first().ok_or_else(Fault::unreadable)?;
    let is = |place| column::<bool>(found, place);
    let [is_standby, has_schema, has_tables, has_store] = [is(0)?, is(1)?, is(2)?, is(3)?];
    if is_standby {
        return Err(Cause::Standby.into());
    }
    if has_store {
        let version = transaction
            .rows("SELECT version FROM tower_auth_shared.store", &[])
            .await?;
        return require(column(version.first().ok_or_else(Fault::unreadable)?, 0)?);
    }
    if has_tables {
        return Err(Cause::ForeignShared.into());
    }
    // Not `IF NOT EXISTS`: that asks for the right to make one even where it is there.
    if !has_schema {
        transaction.batch("CREATE SCHEMA tower_auth_shared").await?;
    }
    transaction.batch(FIRST).await?;
    let sql = "INSERT INTO tower_auth_shared.store (version) VALUES ($1)";
    transaction.rows(sql, &[(&KNOWN, Type::INT4)]).await?;
    Ok(())
}
