//! A list that is read anew for whoever is about to get what outlives their credential.

use std::{future::Future, pin::Pin, time::Duration};

use crate::{context::AuthContext, error::AuthError};

/// A list of what was revoked that can be read anew.
pub(crate) trait Confirms {
    /// The address of the key store that keeps the list, if one does.
    fn store(&self) -> Option<usize>;

    /// How far the clocks of issuers may differ from that of the list.
    fn leeway(&self) -> Duration;

    /// Whether the caller counts still, by a reading of the list that begins now.
    fn confirm(&self, caller: &AuthContext) -> Confirmation;
}

pub(crate) type Confirmation = Pin<Box<dyn Future<Output = Result<(), AuthError>> + Send>>;
