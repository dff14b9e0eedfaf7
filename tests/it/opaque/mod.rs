//! Tokens that their issuer is asked about.

mod cache;
mod claims;
mod endpoint;
mod introspection;
mod requirements;
mod strangers;
mod userinfo;
