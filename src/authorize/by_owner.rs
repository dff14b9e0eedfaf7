//! Permission by ownership.

use std::{fmt, future::Future, sync::Arc};

use super::{Authorization, Authorizer};
use crate::{
    context::{AuthContext, Principal},
    error::AuthError,
};

/// Allows the owner of a resource: a closure looks the owner up.
///
/// Owner and caller are compared by [`AuthContext::principal`]: the key named `ada` does not own the
/// objects of the user `ada` of an issuer. An object that does not exist (`Ok(None)`) and an object of
/// another caller are refused alike, with 403, or with 404 after
/// [`hide_foreign`](ByOwner::hide_foreign). Ids in the resource are written as
/// [`escape_id`](super::escape_id) writes them, and [`unescape_id`](super::unescape_id) reads them.
///
/// # Example
///
/// ```
/// use std::collections::HashMap;
/// use tower_auth::{AuthContext, authorize::{AuthorizeLayer, by_owner}};
///
/// let ada = AuthContext::new("ada").with_method("api_key").principal().into_owned();
/// let owners = HashMap::from([("document:7", ada)]);
/// let owner = by_owner(move |resource: &str| Ok(owners.get(resource).cloned())).hide_foreign();
/// let layer = AuthorizeLayer::new(owner, "document:{id}", "read")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn by_owner<F>(owner_of: F) -> ByOwner<F>
where
    F: Fn(&str) -> Result<Option<Principal<'static>>, AuthError> + Send + Sync + 'static,
{
    ByOwner {
        owner_of: Arc::new(owner_of),
        refusal: Refusal::Forbidden,
    }
}

/// Allows the owner of a resource, as [`by_owner`] does: a closure that returns a future looks the
/// owner up.
///
/// # Example
///
/// ```
/// use std::io;
/// use tower_auth::{AuthError, Principal, authorize::{AuthorizeLayer, async_by_owner}};
///
/// async fn look_up(resource: &str) -> io::Result<Option<Principal<'static>>> {
///     Ok(None) // your database stands here
/// }
///
/// let owner = async_by_owner(async |resource: String| {
///     look_up(&resource).await.map_err(AuthError::unavailable)
/// })
/// .hide_foreign();
/// let layer = AuthorizeLayer::new(owner, "document:{id}", "read")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn async_by_owner<F, Fut>(owner_of: F) -> AsyncByOwner<F>
where
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Principal<'static>>, AuthError>> + Send + 'static,
{
    AsyncByOwner {
        owner_of: Arc::new(owner_of),
        refusal: Refusal::Forbidden,
    }
}

/// The authorizer that [`by_owner`] makes.
pub struct ByOwner<F> {
    owner_of: Arc<F>,
    refusal: Refusal,
}

/// The authorizer that [`async_by_owner`] makes.
pub struct AsyncByOwner<F> {
    owner_of: Arc<F>,
    refusal: Refusal,
}

/// The refusal of a caller who is not the owner.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Forbidden,
    NotFound,
}

impl Refusal {
    /// Refuses alike for another caller's object and for one that does not exist.
    fn unless_owner(
        self,
        owner: Option<Principal<'_>>,
        caller: &AuthContext,
    ) -> Result<(), AuthError> {
        if owner == Some(caller.principal()) {
            return Ok(());
        }
        Err(match self {
            Self::Forbidden => AuthError::forbidden(NOT_THE_OWNER),
            Self::NotFound => AuthError::not_found(NOT_THE_OWNER),
        })
    }
}

impl<F> Authorizer for ByOwner<F>
where
    F: Fn(&str) -> Result<Option<Principal<'static>>, AuthError> + Send + Sync + 'static,
{
    fn authorize(&self, caller: &AuthContext, resource: &str, _action: &str) -> Authorization {
        (self.owner_of)(resource)
            .and_then(|owner| self.refusal.unless_owner(owner, caller))
            .into()
    }

    fn name(&self) -> &'static str {
        NAME
    }
}

impl<F, Fut> Authorizer for AsyncByOwner<F>
where
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Principal<'static>>, AuthError>> + Send + 'static,
{
    fn authorize(&self, caller: &AuthContext, resource: &str, _action: &str) -> Authorization {
        let owner = (self.owner_of)(resource.to_owned());
        let (refusal, caller) = (self.refusal, caller.clone());
        Authorization::pending(async move { refusal.unless_owner(owner.await?, &caller) })
    }

    fn name(&self) -> &'static str {
        NAME
    }
}

macro_rules! describe {
    ($type:ident) => {
        impl<F> $type<F> {
            /// Answers 404 `not_found` instead of 403, so that no caller learns which ids exist.
            #[must_use]
            pub fn hide_foreign(mut self) -> Self {
                self.refusal = Refusal::NotFound;
                self
            }
        }

        impl<F> Clone for $type<F> {
            fn clone(&self) -> Self {
                Self {
                    owner_of: Arc::clone(&self.owner_of),
                    refusal: self.refusal,
                }
            }
        }

        impl<F> fmt::Debug for $type<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))
                    .field("refusal", &self.refusal)
                    .finish_non_exhaustive()
            }
        }
    };
}

describe!(ByOwner);
describe!(AsyncByOwner);

const NAME: &str = "by_owner";
const NOT_THE_OWNER: &str = "not_the_owner";
