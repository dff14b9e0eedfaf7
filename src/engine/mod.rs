//! What other processes share, behind an engine of another crate: its URL, what opens it, and when.

#[cfg(feature = "config")]
mod lazy;
mod registry;
mod url;

#[cfg(feature = "config")]
pub(crate) use self::lazy::Lazy;
pub(crate) use self::{
    registry::{ByScheme, Known},
    url::{EngineUrl, UrlWords},
};
