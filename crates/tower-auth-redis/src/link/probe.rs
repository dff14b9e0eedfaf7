//! Whether the connection works, and its server is what it was.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use redis::{aio::MultiplexedConnection, cmd};
use tokio::{runtime::Handle, time::timeout};

use super::{attempt::CONNECT_LIMIT, shared::Shared};
use crate::{check::check, fault::Cause};

/// How long a connection on which a call had no answer may take to show that it works.
const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// A question whether a connection works. However it ends, the next one can be asked.
struct Probing(Weak<Shared>, u64);

impl Probing {
    fn found(&self, found: Result<(), Cause>, is_check: bool) {
        if let Some(shared) = self.0.upgrade() {
            shared.found(self.1, found, is_check);
        }
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade()
            && let Some(current) = &mut shared.lock().current
            && current.number == self.1
        {
            current.is_probed = false;
        }
    }
}

/// Looks, beside the calls, whether the server still is what it was.
///
/// Nobody has the lock then: a runtime that ends drops what is given to it, at once.
pub(super) fn look_again(shared: &Arc<Shared>, number: u64, mut connection: MultiplexedConnection) {
    let probing = Probing(Arc::downgrade(shared), number);
    tokio::spawn(async move {
        let found = timeout(CONNECT_LIMIT, check(&mut connection)).await;
        probing.found(found.unwrap_or(Err(Cause::TooLate)).map(drop), true);
    });
}

/// Asks whether a connection works on which a call had no answer.
pub(super) fn probe(shared: &Arc<Shared>, number: u64) {
    // Without a runtime nobody asks; the next call finds out.
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    let mut connection = {
        let mut state = shared.lock();
        match &mut state.current {
            Some(current) if current.number == number && !current.is_probed => {
                current.is_probed = true;
                current.connection.clone()
            }
            _ => return,
        }
    };
    let probing = Probing(Arc::downgrade(shared), number);
    runtime.spawn(async move {
        let ping = cmd("PING");
        let answer = timeout(PROBE_LIMIT, ping.query_async(&mut connection)).await;
        let found = match answer {
            Ok(Ok(redis::Value::SimpleString(_) | redis::Value::ServerError(_))) => Ok(()),
            Ok(Ok(_)) => Err(Cause::Protocol),
            Ok(Err(error)) if error.code().is_some() => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Cause::TooLate),
        };
        probing.found(found, false);
    });
}
