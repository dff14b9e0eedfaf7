//! A layer as data: whom it asks, where, and what a caller must send there.
//!
//! [`AuthLayer::describe`](crate::AuthLayer::describe) makes a [`LayerDescription`]: the providers in
//! the order in which they are asked, each with the places of its credentials; the rules of the paths
//! in the order in which they were added, with the built-in ones behind them; the limits. It holds no
//! secret, and it does not follow later changes of the layer.
//!
//! The rule for a path is found by the code that finds it for a request, so both cannot disagree.
//!
//! # What it cannot know
//!
//! A description is of one layer. What stands in other layers is not in it: scopes and roles
//! ([`authorize`](crate::authorize)), the tools of an MCP server, limits of a
//! [`ThrottleLayer`](crate::throttle::ThrottleLayer), webhooks around it
//! (a rule that lets their deliveries in is there, with the provider `webhook`). Nor does it know
//! which routes there are: ask it about each ([`LayerDescription::of_route`]).
//!
//! # In an OpenAPI document
//!
//! With the feature `openapi`, `LayerDescription::add_security_to` writes what each operation asks for
//! into an application's own `utoipa` document.
//!
//! # Example
//!
//! ```
//! use http::Method;
//! use tower_auth::{
//!     Access, AuthLayer,
//!     describe::{AccessDescription, PlaceDescription},
//!     provider::{ApiKeyAuth, CompositeAuth, JwtAuth},
//! };
//!
//! # let secret = "an example secret of 32 bytes …";
//! let chain = CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"])?)
//!     .or(JwtAuth::hs256(secret)?.with_audience("agents"));
//! let description = AuthLayer::new(chain)
//!     .public("/hooks/{source}")
//!     .access((Method::GET, "/feed"), Access::Optional)
//!     .describe();
//!
//! let names: Vec<&str> = description.providers().iter().map(|provider| provider.name()).collect();
//! assert_eq!(names, ["api_key", "jwt"]);
//!
//! let run = description.at(&Method::POST, "/run");
//! assert!(run.rule().is_none()); // no rule names it, so a credential is required
//! assert!(matches!(run.access(), AccessDescription::Required));
//! let places: Vec<String> = run.providers()[0].places().iter().map(ToString::to_string).collect();
//! assert_eq!(places, ["X-API-Key", "Authorization: Bearer"]);
//!
//! let hook = description.at(&Method::POST, "/hooks/github");
//! assert_eq!(hook.rule().map(|rule| rule.pattern()), Some("/hooks/{source}"));
//! assert!(hook.providers().is_empty()); // nobody is asked
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```

mod asked;
mod layer;
#[cfg(feature = "openapi")]
mod openapi;
mod provider;
mod rule;

pub use self::{
    asked::ProviderAnswer,
    layer::{LayerDescription, Requirement},
    provider::{PlaceDescription, ProviderDescription},
    rule::{AccessDescription, RuleDescription},
};
