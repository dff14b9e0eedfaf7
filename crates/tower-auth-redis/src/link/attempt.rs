//! Making the connection.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use redis::{PushInfo, PushKind, aio::SendError};
use tokio::time::{Instant, timeout};

use super::shared::{Current, Hints, Shared};
use crate::{
    connect::{Connected, Connector},
    fault::Cause,
};

/// How long a connection may take to be made: of a machine that is back, no longer than a second is lost.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// An attempt to connect. However it ends, the next one can be made.
pub(super) struct Connecting(pub(super) Weak<Shared>);

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.lock().is_connecting = false;
            shared.settled.notify_waiters();
        }
    }
}

pub(super) async fn connect(attempt: Connecting) {
    let Some(shared) = attempt.0.upgrade() else {
        return;
    };
    let (connector, hints) = (shared.connector.clone(), shared.lock().hints.clone());
    // A state that nobody has any more does not wait for this.
    drop(shared);
    let connected = timeout(CONNECT_LIMIT, connected(&connector, hints)).await;
    let Some(shared) = attempt.0.upgrade() else {
        return;
    };
    let mut state = shared.lock();
    match connected.unwrap_or(Err(Cause::TooLate)) {
        Ok(Connected {
            connection,
            driver,
            run,
        }) => {
            let Some(driver) = driver.into_handle() else {
                return;
            };
            state.count += 1;
            let number = state.count;
            state.failed = None;
            state.current = Some(Current {
                number,
                run,
                connection,
                driver: driver.abort_handle(),
                made: Instant::now(),
                checked: Instant::now(),
                is_probed: false,
            });
            let shared = Arc::downgrade(&shared);
            tokio::spawn(async move {
                // An idle connection that ends is noticed here, before a call would fail.
                let _ = driver.await;
                if let Some(shared) = shared.upgrade() {
                    shared.retire(number, Cause::Ended);
                }
            });
        }
        Err(cause) => state.fail(cause),
    }
}

async fn connected(connector: &Connector, hints: Option<Hints>) -> Result<Connected, Cause> {
    let heard = hints.as_ref().map(|hints| Arc::clone(&hints.heard));
    let hears = move |push: PushInfo| {
        if push.kind == PushKind::Message
            && let Some(heard) = &heard
        {
            heard.notify_waiters();
        }
        Ok::<_, SendError>(())
    };
    let mut connected = connector.connect(hears).await?;
    if let Some(hints) = hints {
        // Where that is forbidden there are no hints, and whoever waits for them asks by the clock.
        let _ = connected.connection.subscribe(&hints.channel).await;
        hints.heard.notify_waiters();
    }
    Ok(connected)
}
