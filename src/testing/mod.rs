//! What the tests of an application need (feature `test-util`).
//!
//! - [`accept`] and [`refuse`] stand in for a provider where a test is about what comes behind it.
//! - [`TestIssuer`] is an issuer within the test's own process: it publishes keys, mints tokens,
//!   answers introspection and userinfo requests, rotates, and fails on command.
//! - `key_store` (feature `keys`) holds a store for managed keys against all that is promised of one.
//! - `revocation_store` (feature `keys`) holds a store of revocations against all that is promised of
//!   one.
//! - [`shared_state`] holds a state that several processes share against all that is promised of one.
//! - [`ManualClock`] makes time pass without waiting for it.
//!
//! # Example
//!
//! A handler sees whoever the test says is calling:
//!
//! ```
//! use http::{Request, Response, StatusCode};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_auth::{AuthContext, AuthLayer, testing};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let ada = AuthContext::new("ada").with_scopes(["graph:invoke"]);
//! let service = AuthLayer::new(testing::accept(ada)).layer(service_fn(
//!     async |request: Request<()>| {
//!         let caller = request.extensions().get::<AuthContext>().unwrap();
//!         Ok::<_, std::convert::Infallible>(Response::new(caller.user_id().to_owned()))
//!     },
//! ));
//! let response = service.oneshot(Request::new(())).await.unwrap();
//! assert_eq!(response.status(), StatusCode::OK);
//! # });
//! ```
//!
//! # Beside a `jsonwebtoken` of your own
//!
//! Tokens are minted through `jsonwebtoken` 11, whose backend `aws_lc_rs` this feature enables.
//! Where an application itself uses that version with the backend `rust_crypto`, its tests have
//! both, and its own calls panic until a test chooses one:
//! `jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.install_default()`. What is here works
//! with any or none.
//!
//! # Security
//!
//! Keep the feature to `[dev-dependencies]`: a [`TestIssuer`] gives a token to anybody who asks.

#[cfg(feature = "keys")]
mod claims;
mod clock;
mod endpoints;
mod issuer;
mod key;
#[cfg(feature = "keys")]
mod key_store;
mod provider;
#[cfg(feature = "keys")]
mod revocation_store;
mod server;
mod shared_state;
mod state;
mod token;

pub use self::{
    clock::ManualClock,
    issuer::{TestIssuer, TestIssuerBuilder},
    provider::{Accept, Refuse, accept, refuse},
    shared_state::shared_state,
    state::{Fault, IssuerEndpoint},
    token::TestToken,
};
#[cfg(feature = "keys")]
pub use self::{
    key_store::{key_store, key_store_create, key_store_id, key_store_revoke},
    revocation_store::revocation_store,
};
