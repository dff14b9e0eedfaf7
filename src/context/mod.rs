//! The authenticated caller.

mod caller;
mod claim_path;
mod identity;
mod issued;
mod metadata;
mod ordinary;
mod principal;
mod shown;
#[cfg(feature = "jwt")]
mod token_id;

pub(crate) use self::caller::{Charge, Meter, RestingContext, Revoker, Standing, UNNAMED};
pub use self::{
    caller::{AuthContext, Ended},
    claim_path::ClaimPath,
    metadata::ClaimError,
    principal::Principal,
};
#[cfg(feature = "keys")]
pub(crate) use self::{
    caller::{Confirmation, Confirms, Revokes},
    principal::authority,
};
#[cfg(feature = "jwt")]
pub(crate) use self::{
    caller::{Verified, VerifiedClaims},
    token_id::{IssuedAt, TokenId},
};
