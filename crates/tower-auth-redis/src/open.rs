//! Opening what a URL names.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::{connect::Connector, fault::Cause, link::Link, tls::Tls, url::Target};

/// How long opening may take.
const OPEN_LIMIT: Duration = Duration::from_secs(5);

/// Connects to the server of a URL, with what the link is to do.
pub(crate) async fn open(url: &str, set_up: impl FnOnce(&Link)) -> Result<Link, Cause> {
    let target = Target::parse(url).map_err(Cause::Url)?;
    let tls = match target.tls.clone() {
        Some(roots) => {
            let read = spawn_blocking(move || Tls::new(&roots)).await;
            Some(read.map_err(|_| Cause::Ended)?.map_err(Cause::Tls)?)
        }
        None => None,
    };
    let link = Link::new(Connector { target, tls });
    set_up(&link);
    link.open(OPEN_LIMIT).await?;
    Ok(link)
}
