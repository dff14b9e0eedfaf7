//! One statement in a transaction of its own, in one round trip.

use futures_util::future::join3;
use tokio::time::Instant;
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{
    fault::{Cause, Fault},
    pool::Pool,
    transaction::{Mode, begin},
};

/// Carries a statement out, and says of what is missing how to come by it.
pub(super) async fn in_words(
    pool: &Pool,
    until: Instant,
    sql: &str,
    values: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<Row>, Fault> {
    let carried_out = carry_out(pool, until, sql, values).await;
    carried_out.map_err(|fault| match fault {
        // No such schema, table or function.
        Fault::Unavailable(Cause::Server(code))
            if ["3F000", "42P01", "42883"].contains(&code.as_str()) =>
        {
            Cause::NoSharedTables.into()
        }
        Fault::Unavailable(Cause::NoConnection) => Cause::NoSharedConnection.into(),
        other => other,
    })
}

async fn carry_out(
    pool: &Pool,
    until: Instant,
    sql: &str,
    values: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<Row>, Fault> {
    let lease = pool.lease(until).await?;
    let client = lease.client()?;
    let begin = begin(Mode::Write, until);
    // They go out in this order, and the server does what comes after a failure not at all.
    let (begun, rows, committed) = join3(
        client.batch_execute(&begin),
        client.query_typed(sql, values),
        client.batch_execute("COMMIT"),
    )
    .await;
    if committed.is_ok() {
        // All was answered, and the transaction has ended: whatever the answers say, the session is clean.
        lease.give_back();
    }
    begun?;
    let rows = rows?;
    committed?;
    Ok(rows)
}
