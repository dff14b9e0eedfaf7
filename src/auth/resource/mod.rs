//! The protected resource that a layer stands before: twins, since only the feature `mcp` has one.

#[cfg(not(feature = "mcp"))]
mod nothing;
#[cfg(feature = "mcp")]
mod protected;

#[cfg(not(feature = "mcp"))]
pub(super) use self::nothing::Resource;
#[cfg(feature = "mcp")]
pub(super) use self::protected::Resource;
