//! The caller's permissions: layers, checks in handlers, and the authorizers behind them.
//!
//! An [`AuthLayer`](crate::AuthLayer) authenticates the caller. The layers of this module decide
//! whether that caller has permission, and always run inside of it: without an accepted caller, every
//! layer here refuses with 401 and logs which layer is in the wrong place.
//!
//! | where | with | asks |
//! |---|---|---|
//! | a route, a router | [`RequireScopes`] | for scopes |
//! | a route, a router | [`AuthorizeLayer`] | an authorizer for a resource and an action |
//! | a whole router, once | `Policy` (feature `axum`) | an authorizer, by route |
//! | a handler | [`AuthContext::require_scopes`], [`Authorizer::check`] | the same |
//! | a handler | [`AuthContext::require_claim`] | for a claim, and hands it out |
//!
//! # Example
//!
//! ```
//! use axum::{Router, extract::State, routing::{get, post}};
//! use tower_auth::{AuthContext, AuthError, AuthLayer, provider::ApiKeyAuth};
//! use tower_auth::authorize::{AuthorizeLayer, Authorizer, ByRole, RequireScopes, by_role, by_scope};
//!
//! async fn stop(State(roles): State<ByRole>, caller: AuthContext) -> Result<&'static str, AuthError> {
//!     caller.require_scopes("agents:invoke")?;
//!     roles.check(&caller, "graph", "stop").await?;
//!     Ok("stopped")
//! }
//!
//! let roles = by_role([("admin", "*"), ("operator", "graph:invoke graph:stop")])?;
//! let app: Router = Router::new()
//!     .route("/run", post(|| async { "ran" }).layer(RequireScopes::all(["agents:invoke"])?))
//!     .route(
//!         "/agents/{id}",
//!         get(|| async { "agent" }).layer(AuthorizeLayer::new(by_scope(), "agent:{id}", "read")?),
//!     )
//!     .route("/admin", get(|| async { "keys" }).layer(AuthorizeLayer::new(roles.clone(), "keys", "read")?))
//!     .route("/stop", post(stop))
//!     .route("/whoami", get(|caller: AuthContext| async move { caller.user_id().to_owned() }))
//!     .with_state(roles)
//!     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)); // last: it runs first
//! # let _ = app;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # Three answers
//!
//! An authorizer allows (`Ok`), denies, or could not check. A denial is an
//! [`AuthError`](crate::AuthError) of one of three kinds: a missing scope and a plain "no" are a 403,
//! and an object whose existence must stay hidden is a 404. If the permission could not be checked,
//! the answer is a 503 and never a grant, in no combination: see [`any_of`] and [`not`]. A panic of an
//! authorizer is a 503 as well.
//!
//! The `AuthLayer` around renders every refusal: with its realm and its
//! [`with_refusal`](crate::AuthLayer::with_refusal). An error of a check that a handler returns is
//! rendered alike.
//!
//! # Ready-made authorizers
//!
//! [`by_scope`], [`by_role`], [`by_owner`] and [`async_by_owner`] check one property of the caller;
//! [`all_of`], [`any_of`] and [`not`] combine others; [`deny_all`] denies every permission. An
//! authorizer of your own is a struct with one method ([`Authorizer`], or [`AsyncAuthorizer`] with an
//! `async fn`), or a closure ([`authorizer_fn`], [`async_authorizer_fn`], and with a database
//! [`async_authorizer_fn_with_state`]).
//!
//! # Several issuers
//!
//! The issuer of a token writes its scopes and roles. If a chain accepts tokens of several issuers,
//! limit the grants of each, so that a partner's token cannot claim `corp:admin`:
//! `with_granted_scopes` and `with_granted_roles` of the provider. A scope outside the limit is not in
//! [`AuthContext::scopes`], so neither [`RequireScopes`] nor [`by_scope`] sees it; [`by_role`] ignores
//! a role outside the limit, in every claim. Neither limit removes anything from the claims: code of
//! your own asks [`AuthContext::scopes`] and [`AuthContext::may_hold_role`], and not the claim alone.
//!
//! ```
//! use tower_auth::{AuthLayer, provider::{CompositeAuth, JwtAuth}};
//!
//! # let (ours, theirs) = ("an example secret of 32 bytes 1 …", "an example secret of 32 bytes 2 …");
//! let staff = JwtAuth::hs256(ours)?.with_issuer("https://staff.example");
//! let partners = JwtAuth::hs256(theirs)?
//!     .with_issuer("https://partners.example")
//!     .with_granted_scopes(["partner:*"])
//!     .with_granted_roles(["viewer"]);
//! let layer = AuthLayer::new(CompositeAuth::new(staff).or(partners));
//! # let _ = layer;
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # Resources
//!
//! A resource is a text of segments between colons: `graph`, `agent:7`. The layers write ids into it
//! with [`escape_id`], and so should a handler.
//!
//! [`AuthContext::may_hold_role`]: crate::AuthContext::may_hold_role
//! [`AuthContext::require_claim`]: crate::AuthContext::require_claim
//! [`AuthContext::require_scopes`]: crate::AuthContext::require_scopes
//! [`AuthContext::scopes`]: crate::AuthContext::scopes

mod ask;
mod asynchronous;
mod authorization;
mod by_owner;
mod by_role;
mod by_scope;
mod claims;
mod combine;
mod contract;
mod function;
mod gate;
mod judge;
mod layer;
#[cfg(feature = "axum")]
mod policy;
mod resource;
mod scopes;

#[cfg(feature = "mcp")]
pub(crate) use self::by_scope::{holds, required_scopes};
#[cfg(feature = "axum")]
pub use self::policy::Policy;
pub use self::{
    ask::CheckFuture,
    asynchronous::{AsyncAuthorizer, Awaited, IntoAuthorizer},
    authorization::Authorization,
    by_owner::{AsyncByOwner, ByOwner, async_by_owner, by_owner},
    by_role::{ByRole, by_role},
    by_scope::{ByScope, by_scope},
    combine::{AllOf, AnyOf, DenyAll, Not, all_of, any_of, deny_all, not},
    contract::{AGENT_ACTIONS, Authorizer},
    function::{
        AsyncAuthorizerFn, AuthorizerFn, async_authorizer_fn, async_authorizer_fn_with_state,
        authorizer_fn,
    },
    gate::{AuthorizeGate, AuthorizeService, ResponseFuture},
    layer::AuthorizeLayer,
    resource::{escape_id, unescape_id},
    scopes::RequireScopes,
};
pub use crate::scope::IntoScopes;
