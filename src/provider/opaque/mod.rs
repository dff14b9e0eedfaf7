//! Opaque tokens: asking an endpoint about a token, once for all requests that show it, and
//! remembering the answer for a short time.
//!
//! Every client can send new tokens, and only the endpoint can tell them from good ones. They must not
//! delay other callers, so tokens that the endpoint accepted before are looked up in slots of their
//! own, and before their answers expire.

mod cache;
mod contract;
mod endpoint_client;
mod in_flight;
mod lookup;
mod settings;
mod shared_settings;
mod slots;
#[cfg(all(test, feature = "test-util"))]
mod tests;
mod tokens;

pub(super) use self::{
    cache::ActiveToken,
    contract::{TokenEndpoint, endpoint_failed},
    settings::OpaqueSettings,
    shared_settings::shared_settings,
    tokens::OpaqueTokens,
};
