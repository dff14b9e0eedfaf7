//! Ctrl-C while a store is changed.

use std::future;

use tokio::{select, signal};

use crate::fault::Fault;

/// Carries a change out, unless Ctrl-C comes first: then nobody knows whether it was.
///
/// What comes of it is printed after that, and never half: from here on Ctrl-C is not heard. A command
/// that only reads ends as the system ends it.
pub(crate) async fn unless_interrupted<T>(
    what: &str,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let stopped = async {
        if signal::ctrl_c().await.is_err() {
            // The system gives no signals: then nothing interrupts.
            future::pending::<()>().await;
        }
    };
    select! {
        // The work first: a key that was made is printed, however late Ctrl-C came.
        biased;
        done = work => done,
        () = stopped => Err(Fault::Interrupted(format!(
            "stopped by Ctrl-C: {what} may be done or not done, and `tower-auth audit` shows it"
        ))),
    }
}
