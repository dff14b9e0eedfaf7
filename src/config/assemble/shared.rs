//! What several processes share.

use std::sync::Arc;

use super::{assembly::Assembly, engine_url::WrittenUrl, gateway::Gateway, kept::KeptShared};
use crate::{
    config::{fault::Place, node::At, read::Slot},
    shared::{LazySharedState, SharedCounts, SharedState, SharedUrl},
    webhook::SharedReplayStore,
};

impl Assembly<'_> {
    /// Makes the shared state that a document names; the one of the file before is kept.
    pub(super) fn shared(&mut self, gateway: &Gateway) {
        let Slot::Present(located) = &gateway.shared else {
            return;
        };
        let former = self.former.and_then(|former| former.kept.shared.as_ref());
        let states = self.config.registry.shared_states.clone();
        let url = self.engine_url(
            &WrittenUrl {
                url: &located.value.url,
                file: &located.value.url_file,
                place: &located.place,
                missing: "no state is named: add `url`, such as `url: redis://host:6379`, or \
                          `url_file` with a file that holds it",
                another: "another shared state than before is named: that takes a restart",
            },
            SharedUrl::parse,
            |url| states.check(url),
            former.map(|former| &former.url),
        );
        let Some(url) = url else {
            return;
        };
        let shown = url.value.to_string();
        self.summary.shared = Some(shown.escape_debug().to_string());
        self.kept.shared = Some(match former {
            Some(former) => former.clone(),
            None => KeptShared::new(
                url.place,
                url.value.clone(),
                LazySharedState::new(states, url.value),
            ),
        });
    }

    /// Limits that begin to count together, or that end to, would begin anew, and webhooks would forget
    /// what they have handled.
    pub(super) fn check_shared(&mut self) {
        let Some(former) = self.former else {
            return;
        };
        if former.kept.shared.is_some() != self.kept.shared.is_some() {
            let message = "there was a shared state before, or there is one now for the first time: \
                           that takes a restart";
            self.conflict(&Place::new("auth.shared", At::File), message);
        }
    }
}

impl KeptShared {
    fn new(place: Place, url: SharedUrl, state: LazySharedState) -> Self {
        let shared: Arc<dyn SharedState> = Arc::new(state.clone());
        Self {
            place,
            url,
            state,
            counts: SharedCounts::new(Arc::clone(&shared)),
            handled: SharedReplayStore::new(shared),
        }
    }
}
