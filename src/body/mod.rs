//! The bodies of responses: an inner service's, which may have to end before its time, or a layer's own.

mod either;
mod ending;
mod guard;

pub use self::{
    either::{EitherBody, RefusalBody, ResponseBody},
    ending::CredentialEnded,
};
pub(crate) use self::{
    ending::{Ending, EndsStreams},
    guard::Guard,
};
