//! Ctrl-C, for whoever has something to end.

use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn on_ctrl_c() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            match tokio::signal::ctrl_c().await {
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
