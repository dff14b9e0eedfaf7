//! Dates and times of RFC 3339.

#[cfg(any(feature = "config", all(feature = "axum", feature = "keys")))]
mod read;
#[cfg(any(feature = "audit", feature = "keys"))]
mod write;

#[cfg(any(feature = "config", all(feature = "axum", feature = "keys")))]
pub(crate) use self::read::parse;
#[cfg(any(feature = "audit", feature = "keys"))]
pub(crate) use self::write::write;
