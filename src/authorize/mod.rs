//! What a caller may do: layers, checks in handlers, and the authorizers behind them.
//!
//! An [`AuthLayer`](crate::AuthLayer) finds out who is calling. What stands here decides whether
//! that caller may, and always runs inside of it: where nobody has been asked yet, every layer here
//! refuses with 401 and logs what is in the wrong place.
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
//! [`AuthError`](crate::AuthError) of one of three kinds: a missing scope and a plain "no" are a
//! 403, and an object whose existence is nobody else's business is a 404. Could-not-check is a 503
//! and never a grant, in no combination: see [`any_of`] and [`not`]. An authorizer that panics costs
//! the request a 503 as well.
//!
//! The answer to a refusal is worded by the `AuthLayer` around it: its realm, its
//! [`with_refusal`](crate::AuthLayer::with_refusal). A handler that returns the error of a
//! check is worded alike.
//!
//! # Ready-made authorizers
//!
//! [`by_scope`], [`by_role`], [`by_owner`] and [`async_by_owner`] know whom they allow; [`all_of`],
//! [`any_of`] and [`not`] are made of others; [`deny_all`] is a place-holder that is safe to forget.
//! One of your own is a struct with one method ([`Authorizer`], or [`AsyncAuthorizer`] with an
//! `async fn`), or a closure ([`authorizer_fn`], [`async_authorizer_fn`], and with a database
//! [`async_authorizer_fn_with_state`]).
//!
//! # Several issuers
//!
//! Whoever signs a token writes the scopes and roles in it. Where a chain accepts tokens of several
//! issuers, limit what each may hand out, so that a partner's token cannot claim `corp:admin`:
//! `with_granted_scopes` and `with_granted_roles` of the provider. A scope outside the limit is not
//! among [`AuthContext::scopes`], so neither [`RequireScopes`] nor [`by_scope`] sees it; a role
//! outside it counts for nothing in [`by_role`], whichever claim that reads. Neither takes anything
//! out of the claims: code of your own asks [`AuthContext::scopes`] and
//! [`AuthContext::may_hold_role`], and not the claim alone.
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
