//! Opening a database, for whatever is kept there.

use std::{future::Future, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout_at},
};

use crate::{
    fault::{Cause, Fault},
    pool::Connector,
    target::Target,
    tls::Tls,
};

/// How many connections there are at most, unless said otherwise.
pub(crate) const CONNECTIONS: usize = 8;

/// How long opening may take: another process may be giving the database its tables.
const LIMIT: Duration = Duration::from_secs(10);

/// Opens what a URL leads to, within the time limit. `connect` is given what makes the connections, and when
/// the time is over.
pub(crate) async fn open<T, Fut>(
    url: &str,
    connect: impl FnOnce(Connector, Instant) -> Fut,
) -> Result<T, Fault>
where
    Fut: Future<Output = Result<T, Fault>>,
{
    let target = Target::parse(url).map_err(Cause::Url)?;
    let until = Instant::now() + LIMIT;
    let opened = timeout_at(until, async {
        let connector = connector(target).await?;
        connect(connector, until).await
    });
    opened.await.unwrap_or_else(|_| Err(Cause::TooLate.into()))
}

async fn connector(target: Target) -> Result<Connector, Fault> {
    let Target { config, tls } = target;
    let tls = match tls {
        Some(roots) => {
            let read = spawn_blocking(move || Tls::new(&roots)).await;
            Some(read.map_err(|_| Cause::Closed)?.map_err(Cause::Tls)?)
        }
        None => None,
    };
    Ok(Connector { config, tls })
}
