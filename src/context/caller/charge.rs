//! What letting a caller in costs.

use std::{future::Future, pin::Pin, sync::Arc};

use super::AuthContext;
use crate::error::AuthError;

/// A payment that is under way.
pub(crate) type Payment = Pin<Box<dyn Future<Output = Result<(), AuthError>> + Send>>;

/// The credential that a caller showed, where letting them in may cost something: the layer pays,
/// once a request, and nobody else does.
pub(crate) trait Charge: Send + Sync {
    /// Whose credential it is (the address of what vouches for it) and which.
    fn credential(&self) -> (usize, &str);

    /// Pays for one request; nothing where that costs nothing.
    fn pay(&self) -> Option<Payment>;
}

impl AuthContext {
    /// What the caller showed, where it may cost something.
    #[inline]
    pub(crate) fn charge(&self) -> Option<&Arc<dyn Charge>> {
        self.0.rare.as_ref()?.charge.as_ref()
    }

    /// The caller with what another caller owes, unless they owe something themselves: a check may
    /// answer with a context of its own, and the request is not free for that.
    pub(crate) fn owing(mut self, charge: Option<Arc<dyn Charge>>) -> Self {
        if self.charge().is_none() && charge.is_some() {
            self.edit_rare().charge = charge;
        }
        self
    }
}
