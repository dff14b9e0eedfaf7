//! What a list of revocations tells of itself: twins, since only the feature `keys` asks.

#[cfg(feature = "keys")]
mod asked;
#[cfg(not(feature = "keys"))]
mod nothing;

#[cfg(feature = "keys")]
pub(crate) use self::asked::{Confirmation, Confirms};
#[cfg(not(feature = "keys"))]
pub(crate) use self::nothing::Confirms;
