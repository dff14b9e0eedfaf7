//! Principal sources: they tell the users of one provider from the users of another.

#[cfg(feature = "mcp")]
mod audience;
#[cfg(feature = "jwt")]
mod claims;
#[cfg(feature = "oauth2")]
mod endpoint;
mod label;
mod source;
mod sources;

#[cfg(feature = "jwt")]
pub(crate) use self::claims::TokenAuthority;
pub use self::source::PrincipalSource;
pub(crate) use self::{label::SourceLabel, sources::PrincipalSources};
