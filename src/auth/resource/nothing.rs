//! No resource.

use bytes::Bytes;
use http::{Request, Response};

/// The resource of a layer.
#[derive(Clone, Default)]
pub(in crate::auth) struct Resource;

impl Resource {
    /// The resource's own answer to a request.
    #[inline]
    pub(in crate::auth) fn answer<B>(&self, _: &Request<B>) -> Option<Response<Bytes>> {
        None
    }
}
