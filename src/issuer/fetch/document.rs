//! An HTTP answer.

use http::{HeaderMap, StatusCode};

/// An HTTP answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}
