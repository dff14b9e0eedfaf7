//! Opening what a document names: the store of its keys, and the state that several processes share.

use std::error::Error;

use super::{
    AuthSetup, ConfigFaults,
    assemble::RevocationsIn,
    fault::{Faults, Place},
};
use crate::{error::ConfigErrorKind, log::Causes};

impl AuthSetup {
    /// Opens the key store that the document names, and reads all keys; opens the shared state that it
    /// names; reads all revocations in either; opens the audit file: a program that does so before it serves
    /// learns at its start that one of them is away.
    /// Without it, the first request opens them: while the key store is away it is refused with 503, and
    /// while the shared state is away this process counts alone.
    ///
    /// Where the document names none, there is nothing to open; nor is a key store where every caller is
    /// let in.
    ///
    /// # Errors
    ///
    /// One cannot be opened or read: [`ConfigErrorKind::Unavailable`], with the place of its URL.
    pub async fn open(&self) -> Result<(), ConfigFaults> {
        let mut faults = Faults::of(self.config.source.name());
        let kept = &self.built.kept;
        let is_asked = !self.built.summary.is_disabled();
        let revocations = kept.revocations.as_ref().filter(|_| is_asked);
        if let Some(keys) = kept.managed_keys.as_ref().filter(|_| is_asked) {
            // First the store alone: it may take longer than one question may.
            let opened = match keys.store.open().await {
                Ok(()) => keys.keys.open().await,
                failed => failed,
            };
            let opened = match (opened, revocations) {
                (Ok(()), Some(kept)) if matches!(kept.store, RevocationsIn::KeyStore(_)) => {
                    kept.revocations.open().await.map_err(Into::into)
                }
                (opened, _) => opened,
            };
            if let Err(error) = opened {
                add(&mut faults, &keys.place, &keys.url.to_string(), &error);
            }
        }
        if let Some(shared) = &kept.shared
            && let Err(error) = shared.state.open().await
        {
            add(&mut faults, &shared.place, &shared.url.to_string(), &error);
        } else if let Some(kept) = revocations
            && let RevocationsIn::Shared { url, store } = &kept.store
            && let Some(shared) = &self.built.kept.shared
        {
            let opened = match store.open().await {
                Ok(()) => kept.revocations.open().await,
                failed => failed,
            };
            if let Err(error) = opened {
                add(&mut faults, &shared.place, &url.to_string(), &error);
            }
        }
        if let Some(audit) = &kept.audit
            && let Err(error) = audit.sink.open_file(&audit.path)
        {
            add(&mut faults, &audit.place, "the audit file", &error);
        }
        match faults.len() {
            0 => Ok(()),
            _ => faults.finish(None),
        }
    }
}

fn add(faults: &mut Faults, place: &Place, shown: &str, error: &(dyn Error + 'static)) {
    let message = format!("{}: {}", shown.escape_debug(), Causes(Some(error)));
    faults.add(ConfigErrorKind::Unavailable, place, message);
}
