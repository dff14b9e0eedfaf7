//! Transactions that leave nothing behind in the session, so that a pooler may give it to anybody.

use futures_util::future::{join3, join4};
use tokio::time::Instant;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};
use tower_auth::keys::{AsOf, Epoch, Revision, Timestamp};

use crate::{
    fault::{Cause, Fault},
    pool::{Lease, Pool, left},
    version,
};

/// A statement with its values. The text of each stands in this crate; values are bound.
pub(crate) struct Statement<'a> {
    pub(crate) sql: &'a str,
    pub(crate) values: &'a [(&'a (dyn ToSql + Sync), Type)],
}

/// The row that every transaction reads first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) epoch: Epoch,
    pub(crate) latest: Revision,
    /// The store's time: the server's clock.
    pub(crate) now: Timestamp,
}

/// Whether a transaction writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
}

const STATE: &str = "SELECT version, epoch, revision, pg_is_in_recovery() FROM tower_auth.store";

/// Whoever has the row's lock is the only one to change the store: what is committed later has a greater
/// revision.
const LOCKED_STATE: &str =
    "SELECT version, epoch, revision, pg_is_in_recovery() FROM tower_auth.store FOR UPDATE";

const NOW: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// Begins a transaction whose limits end with it.
///
/// `search_path`: whatever the database says, a name means the system's function. The limits: a process that
/// is stopped in the middle keeps no lock for much longer than a call may take.
pub(crate) fn begin(mode: Mode, until: Instant) -> String {
    let left = left(until).as_millis().clamp(20, 86_400_000);
    // Before the call gives up, so that the answer tells what was waited for; the last one after it.
    let [lock, statement, idle] = [8, 9, 11].map(|tenths| left * tenths / 10);
    let (isolation, durable) = match mode {
        // One state for both statements.
        Mode::Read => ("REPEATABLE READ, READ ONLY", ""),
        // Each statement sees what was committed before the lock was had. A commit is on the disk before
        // it is answered, also where the database says otherwise: a crash brings no revoked key back.
        Mode::Write => (
            "READ COMMITTED",
            "SELECT set_config('synchronous_commit', 'on', true)
                WHERE current_setting('synchronous_commit') = 'off';",
        ),
    };
    format!(
        "BEGIN ISOLATION LEVEL {isolation};
        SET LOCAL search_path TO pg_catalog;
        SET LOCAL lock_timeout TO {lock};
        SET LOCAL statement_timeout TO {statement};
        SET LOCAL idle_in_transaction_session_timeout TO {idle};
        {durable}"
    )
}

/// Carries one statement out in a transaction of its own, in one round trip.
pub(crate) async fn once(
    pool: &Pool,
    mode: Mode,
    until: Instant,
    statement: Statement<'_>,
) -> Result<AsOf<(State, Vec<Row>)>, Fault> {
    let lease = pool.lease(until).await?;
    let client = lease.client()?;
    let begin = begin(mode, until);
    let now = format!("{NOW}, {}", STATE.trim_start_matches("SELECT "));
    // They go out in this order, and the server does what comes after a failure not at all.
    let (begun, state, rows, committed) = join4(
        client.batch_execute(&begin),
        client.query_typed(&now, &[]),
        client.query_typed(statement.sql, statement.values),
        client.batch_execute("COMMIT"),
    )
    .await;
    if committed.is_ok() {
        // All was answered, and the transaction has ended: whatever the answers say, the session is clean.
        lease.give_back();
    }
    begun?;
    let state = state?;
    let state = state.first().ok_or_else(Fault::unreadable)?;
    let state = self::state(state, 1, time(state)?)?;
    let rows = rows?;
    committed?;
    Ok(AsOf {
        now: state.now,
        value: (state, rows),
    })
}

/// A transaction that has the store's lock.
pub(crate) struct Transaction {
    lease: Lease,
}

impl Transaction {
    /// Begins, and waits for the lock.
    pub(crate) async fn begin(pool: &Pool, until: Instant) -> Result<(Self, State), Fault> {
        let lease = pool.lease(until).await?;
        let client = lease.client()?;
        let begin = begin(Mode::Write, until);
        // The clock is read by a statement of its own: with the lock's, it would be read before the wait.
        let (begun, state, now) = join3(
            client.batch_execute(&begin),
            client.query_typed(LOCKED_STATE, &[]),
            client.query_typed(NOW, &[]),
        )
        .await;
        begun?;
        let (state, now) = (state?, now?);
        let now = time(now.first().ok_or_else(Fault::unreadable)?)?;
        let state = state.first().ok_or_else(Fault::unreadable)?;
        let state = self::state(state, 0, now)?;
        Ok((Self { lease }, state))
    }

    /// Begins without a look at the tables, which may not be there.
    pub(crate) async fn begin_bare(pool: &Pool, until: Instant) -> Result<Self, Fault> {
        let lease = pool.lease(until).await?;
        let begin = begin(Mode::Write, until);
        lease.client()?.batch_execute(&begin).await?;
        Ok(Self { lease })
    }

    pub(crate) async fn rows(
        &self,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Fault> {
        Ok(self.lease.client()?.query_typed(sql, values).await?)
    }

    /// Carries statements without values out.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.lease.client()?.batch_execute(sql).await?)
    }

    /// Commits. An error leaves open whether it was committed.
    pub(crate) async fn commit(self) -> Result<(), Fault> {
        self.batch("COMMIT").await?;
        self.lease.give_back();
        Ok(())
    }

    /// Undoes it, and keeps the connection. Where that fails, the connection is closed, which undoes it
    /// too.
    pub(crate) async fn roll_back(self) {
        if self.batch("ROLLBACK").await.is_ok() {
            self.lease.give_back();
        }
    }
}

/// Reads the state from a row, in which it begins at a column.
fn state(row: &Row, first: usize, now: Timestamp) -> Result<State, Fault> {
    version::require(column(row, first)?)?;
    if column(row, first + 3)? {
        return Err(Cause::Standby.into());
    }
    let epoch = column::<&[u8]>(row, first + 1)?.try_into();
    Ok(State {
        epoch: Epoch::new(u128::from_be_bytes(epoch.map_err(|_| Fault::unreadable())?)),
        latest: Revision::new(number(column(row, first + 2)?)?),
        now,
    })
}

fn time(row: &Row) -> Result<Timestamp, Fault> {
    Ok(Timestamp::from_unix_millis(number(column(row, 0)?)?))
}

/// One column of a row. The engine's own error is dropped: it may quote.
pub(crate) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    place: usize,
) -> Result<T, Fault> {
    row.try_get(place).map_err(|_| Fault::unreadable())
}

/// A number of a column that is never negative.
pub(crate) fn number(column: i64) -> Result<u64, Fault> {
    u64::try_from(column).map_err(|_| Fault::unreadable())
}

/// A number for a column, which has a sign: what does not fit is the greatest.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
