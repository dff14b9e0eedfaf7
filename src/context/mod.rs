//! Who the caller turned out to be.

mod caller;
mod metadata;
mod ordinary;
mod principal;
mod text;

pub(crate) use self::caller::UNNAMED;
#[cfg(feature = "jwt")]
pub(crate) use self::text::Text;
pub use self::{caller::AuthContext, metadata::ClaimError, principal::Principal};
