//! Reading the list anew, for whoever is about to get what outlives their credential.

use std::{sync::Arc, time::Duration};

use super::{Revocations, judge::could_not_ask, replica::Replica};
use crate::{
    context::{AuthContext, Confirmation, Confirms},
    error::AuthError,
    polling::polled,
};

impl Replica {
    /// Whether a caller counts, by a poll that begins after this was asked.
    async fn confirm(self: &Arc<Self>, caller: &AuthContext) -> Result<(), AuthError> {
        if let Some(ended) = self.ended_by_now(caller) {
            return Err(ended);
        }
        if !polled(self).await || self.polling.failure().is_some() {
            return Err(could_not_ask());
        }
        self.ended_by_now(caller).map_or(Ok(()), Err)
    }
}

impl Confirms for Revocations {
    fn store(&self) -> Option<usize> {
        self.replica().key_store
    }

    fn leeway(&self) -> Duration {
        self.replica().settings().leeway
    }

    fn confirm(&self, caller: &AuthContext) -> Confirmation {
        let (replica, caller) = (Arc::clone(self.replica()), caller.clone());
        Box::pin(async move { replica.confirm(&caller).await })
    }
}
