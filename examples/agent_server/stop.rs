//! Ctrl-C, or the SIGTERM of `systemd` and of containers, for whoever has something to end.

use std::io;

use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn on_ctrl_c() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            match asked_to_stop().await {
                Ok(()) => tracing::info!("stopping"),
                Err(error) => tracing::error!(%error, "Ctrl-C cannot be heard"),
            }
            sender.send_replace(true);
        });
        Self(receiver)
    }

    pub(crate) async fn wait(mut self) {
        // An error means that nobody can say stop any more, which is a reason to stop.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

#[cfg(unix)]
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
