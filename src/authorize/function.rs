//! Closures as authorizers.

use std::{fmt, future::Future, sync::Arc};

use super::{Authorization, Authorizer};
use crate::{context::AuthContext, error::AuthError};

/// Makes an authorizer of a closure that answers at once.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, AuthError, authorize::{AuthorizeLayer, authorizer_fn}};
///
/// let staff_only = authorizer_fn(|caller: &AuthContext, _resource: &str, _action: &str| {
///     match caller.user_id().strip_suffix("@example.com") {
///         Some(_) => Ok(()),
///         None => Err(AuthError::forbidden("not_staff")),
///     }
/// });
/// let layer = AuthorizeLayer::new(staff_only, "config", "read")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn authorizer_fn<F>(function: F) -> AuthorizerFn<F>
where
    F: Fn(&AuthContext, &str, &str) -> Result<(), AuthError> + Send + Sync + 'static,
{
    AuthorizerFn {
        function: Arc::new(function),
        name: "custom",
    }
}

/// Makes an authorizer of a closure that returns a future.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, AuthError, authorize::{AuthorizeLayer, async_authorizer_fn}};
///
/// let grants = async_authorizer_fn(async |caller: AuthContext, resource: String, _action| {
///     match caller.user_id() == "ada" && resource == "graph" {
///         true => Ok(()),
///         false => Err(AuthError::forbidden("no_grant")),
///     }
/// });
/// let layer = AuthorizeLayer::new(grants, "graph", "invoke")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn async_authorizer_fn<F, Fut>(function: F) -> AsyncAuthorizerFn<F>
where
    F: Fn(AuthContext, String, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), AuthError>> + Send + 'static,
{
    AsyncAuthorizerFn {
        function: Arc::new(function),
        name: "custom",
    }
}

/// Makes an authorizer of a closure that gets a state and returns a future.
///
/// The closure captures nothing: each call gets the state as an `Arc`, since the future outlives the
/// call. Write the type of the argument, `state: Arc<…>`, and give a value of that type, or an `Arc`
/// that others share.
///
/// # Example
///
/// ```
/// use std::{collections::HashSet, sync::Arc};
/// use tower_auth::{AuthContext, AuthError, authorize::{AuthorizeLayer, async_authorizer_fn_with_state}};
///
/// type Grants = HashSet<(String, String)>;
///
/// let db = Grants::from([("ada".to_owned(), "graph".to_owned())]);
/// let grants = async_authorizer_fn_with_state(
///     db,
///     async |db: Arc<Grants>, caller: AuthContext, resource: String, _action| {
///         match db.contains(&(caller.user_id().to_owned(), resource)) {
///             true => Ok(()),
///             false => Err(AuthError::forbidden("no_grant")),
///         }
///     },
/// );
/// let layer = AuthorizeLayer::new(grants, "graph", "invoke")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn async_authorizer_fn_with_state<S, F, Fut>(
    state: impl Into<Arc<S>>,
    function: F,
) -> AsyncAuthorizerFn<impl Fn(AuthContext, String, String) -> Fut + Send + Sync + 'static>
where
    S: ?Sized + Send + Sync + 'static,
    F: Fn(Arc<S>, AuthContext, String, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), AuthError>> + Send + 'static,
{
    let state = state.into();
    async_authorizer_fn(move |caller, resource, action| {
        function(Arc::clone(&state), caller, resource, action)
    })
}

/// The authorizer that [`authorizer_fn`] makes.
pub struct AuthorizerFn<F> {
    function: Arc<F>,
    name: &'static str,
}

/// The authorizer that [`async_authorizer_fn`] and [`async_authorizer_fn_with_state`] make.
pub struct AsyncAuthorizerFn<F> {
    function: Arc<F>,
    name: &'static str,
}

impl<F> Authorizer for AuthorizerFn<F>
where
    F: Fn(&AuthContext, &str, &str) -> Result<(), AuthError> + Send + Sync + 'static,
{
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        (self.function)(caller, resource, action).into()
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

impl<F, Fut> Authorizer for AsyncAuthorizerFn<F>
where
    F: Fn(AuthContext, String, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), AuthError>> + Send + 'static,
{
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        let answer = (self.function)(caller.clone(), resource.to_owned(), action.to_owned());
        Authorization::pending(answer)
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

macro_rules! describe {
    ($type:ident) => {
        impl<F> $type<F> {
            /// Replaces the name that the log shows, `custom` unless set.
            #[must_use]
            pub fn with_name(mut self, name: &'static str) -> Self {
                self.name = name;
                self
            }
        }

        impl<F> Clone for $type<F> {
            fn clone(&self) -> Self {
                Self {
                    function: Arc::clone(&self.function),
                    name: self.name,
                }
            }
        }

        impl<F> fmt::Debug for $type<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))
                    .field("name", &self.name)
                    .finish_non_exhaustive()
            }
        }
    };
}

describe!(AuthorizerFn);
describe!(AsyncAuthorizerFn);
