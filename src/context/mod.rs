//! The authenticated caller.

mod caller;
mod claim_path;
mod metadata;
mod ordinary;
mod principal;
mod shown;

pub(crate) use self::caller::{Charge, Meter, RestingContext, Standing, UNNAMED};
#[cfg(feature = "jwt")]
pub(crate) use self::caller::{TokenId, Verified, VerifiedClaims};
pub use self::{
    caller::AuthContext, claim_path::ClaimPath, metadata::ClaimError, principal::Principal,
};
