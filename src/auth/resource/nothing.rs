//! No resource.

use bytes::Bytes;
use http::{Request, Response};

use crate::{
    error::AuthError,
    provider::PrincipalSources,
    request::{AuthRequest, Place},
};

/// The resource of a layer.
#[derive(Clone, Default)]
pub(in crate::auth) struct Resource(());

impl Resource {
    /// The resource's own answer to a request.
    #[inline]
    pub(in crate::auth) fn answer<B>(&self, _: &Request<B>) -> Option<Response<Bytes>> {
        None
    }

    /// Looks at providers of the layer.
    pub(in crate::auth) fn warn_of(&self, _: &PrincipalSources) {}

    /// Whether a credential may stand where it stands.
    #[inline]
    pub(in crate::auth) fn check(&self, _: &[Place], _: &AuthRequest<'_>) -> Result<(), AuthError> {
        Ok(())
    }
}
