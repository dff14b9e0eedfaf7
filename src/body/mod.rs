//! The bodies of responses: an inner service's, which may have to end before its time, or a layer's own.

mod either;
mod ending;

pub(crate) use self::{either::Guard, ending::Ending};
pub use self::{
    either::{EitherBody, RefusalBody, ResponseBody},
    ending::CredentialEnded,
};
