//! A resource with metadata (RFC 9728).

use bytes::Bytes;
use http::{Request, Response};

use crate::{access, event, mcp::ProtectedResource};

/// The resource of a layer.
#[derive(Clone, Default)]
pub(in crate::auth) struct Resource(Option<ProtectedResource>);

impl Resource {
    pub(in crate::auth) fn of(resource: &ProtectedResource) -> Self {
        Self(Some(resource.clone()))
    }

    /// The resource's own answer to a request: its metadata, to anybody.
    #[inline]
    pub(in crate::auth) fn answer<B>(&self, request: &Request<B>) -> Option<Response<Bytes>> {
        let answer = self.0.as_ref()?.answer(request)?;
        event::passed("metadata", || access::template(request.extensions()));
        Some(answer)
    }
}
