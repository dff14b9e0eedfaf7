//! The cost of accepting a caller.

use std::{future::Future, pin::Pin, sync::Arc};

use super::AuthContext;
use crate::{ended::EndSource, error::AuthError};

/// A payment in progress.
pub(crate) type Payment = Pin<Box<dyn Future<Output = Result<(), AuthError>> + Send>>;

/// The credential of a caller, which may cost something or have a limit of its own: the layer counts and
/// pays once a request, and no other code does.
pub(crate) trait Charge: EndSource {
    /// Whether accepting the credential costs anything or may be refused. It never changes: of what costs
    /// nothing, a request asks no more.
    fn is_due(&self) -> bool;

    /// Identifies the credential: the address of the value that vouches for it, and its name.
    fn credential(&self) -> (usize, &str);

    /// Identifies the account whose limits the credential shares, as [`credential`](Self::credential)
    /// identifies it.
    fn account(&self) -> (usize, &str);

    /// Counts one request for the credential's own limit; `None` where it has none, and a refusal where
    /// it is exceeded.
    fn admit(&self) -> Result<Option<Standing>, AuthError>;

    /// Gives back what [`admit`](Self::admit) counted: the request was refused for another limit.
    fn give_back(&self);

    /// Pays for one request; `None` where the request costs nothing.
    fn pay(&self) -> Option<Payment>;
}

/// What is left of a credential's own limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) remaining: u32,
    pub(crate) requests: u32,
    pub(crate) seconds: u32,
}

impl Standing {
    /// The name of a credential's own limit in `RateLimit`.
    pub(crate) const NAME: &'static str = "key-limit";
}

impl AuthContext {
    /// Whether accepting the caller's credential may cost something.
    #[inline]
    pub(crate) fn owes(&self) -> bool {
        self.inner.owes
    }

    /// The caller's credential, if its provider keeps an account of it.
    #[inline]
    pub(crate) fn own_charge(&self) -> Option<&Arc<dyn Charge>> {
        self.inner.rare.as_ref()?.charge.as_ref()
    }
}
