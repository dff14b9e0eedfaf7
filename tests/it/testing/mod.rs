//! What the crate gives to the tests of others.

mod issuer;
mod util;
