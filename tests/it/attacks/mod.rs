//! What strangers try.

mod answers;
mod headers;
mod issuer;
mod panics;
mod private_members;
mod proxy;
