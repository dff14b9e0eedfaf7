//! The resource that tokens are for, and its metadata (RFC 9728).

mod answer;
mod protected;
mod url;

pub use self::protected::ProtectedResource;
pub(super) use self::protected::online_scopes;
