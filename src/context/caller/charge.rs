//! The cost of accepting a caller.

use std::{future::Future, pin::Pin, sync::Arc};

use super::AuthContext;
use crate::error::AuthError;

/// A payment in progress.
pub(crate) type Payment = Pin<Box<dyn Future<Output = Result<(), AuthError>> + Send>>;

/// The credential of a caller, if accepting it may cost something: the layer pays once a request, and
/// no other code does.
pub(crate) trait Charge: Send + Sync {
    /// Identifies the credential: the address of the value that vouches for it, and its name.
    fn credential(&self) -> (usize, &str);

    /// Pays for one request; `None` where the request costs nothing.
    fn pay(&self) -> Option<Payment>;
}

impl AuthContext {
    /// The caller's credential, if accepting it may cost something.
    #[inline]
    pub(crate) fn charge(&self) -> Option<&Arc<dyn Charge>> {
        self.0.rare.as_ref()?.charge.as_ref()
    }

    /// The caller with the charge of another caller, unless it has its own: a check may return a new
    /// context, and the request still costs something.
    pub(crate) fn owing(mut self, charge: Option<Arc<dyn Charge>>) -> Self {
        if self.charge().is_none() && charge.is_some() {
            self.edit_rare().charge = charge;
        }
        self
    }
}
