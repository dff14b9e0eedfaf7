//! What strangers try.

mod answers;
mod headers;
mod issuer;
mod json_readers;
mod panics;
mod private_members;
mod proxy;
