//! A state that is opened when it is first asked.

use std::time::Duration;

use super::{
    Admission, Begun, Count, Once, SharedState, SharedStateError, SharedStates, SharedUrl,
};
use crate::{answer::Answer, engine::Lazy};

/// Opens a state when it is first asked.
#[derive(Clone)]
pub(crate) struct LazySharedState(Lazy<dyn SharedState, SharedStateError>);

impl LazySharedState {
    pub(crate) fn new(states: SharedStates, url: SharedUrl) -> Self {
        Self(Lazy::new(
            "shared state",
            SharedStateError::new,
            move || states.open(url.clone()),
        ))
    }

    /// Opens the state, unless it is open.
    pub(crate) async fn open(&self) -> Result<(), SharedStateError> {
        self.0.opened().await.map(drop)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn SharedState) -> Answer<Result<T, SharedStateError>> + Send + 'static,
    ) -> Answer<Result<T, SharedStateError>> {
        match self.0.now() {
            Some(state) => question(&*state),
            None => {
                let state = self.0.clone();
                Answer::pending(async move { question(&*state.opened().await?).await })
            }
        }
    }
}

impl SharedState for LazySharedState {
    fn admit(&self, counts: &[Count]) -> Answer<Result<Admission, SharedStateError>> {
        let counts = counts.to_vec();
        self.ask(move |state| state.admit(&counts))
    }

    fn charge(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        let counts = counts.to_vec();
        self.ask(move |state| state.charge(&counts))
    }

    fn give_back(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        let counts = counts.to_vec();
        self.ask(move |state| state.give_back(&counts))
    }

    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>> {
        let once = *once;
        self.ask(move |state| state.begin(&once, lease))
    }

    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>> {
        let once = *once;
        self.ask(move |state| state.renew(&once, lease))
    }

    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>> {
        let once = *once;
        self.ask(move |state| state.finish(&once, ttl))
    }

    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>> {
        let once = *once;
        self.ask(move |state| state.abandon(&once))
    }
}
