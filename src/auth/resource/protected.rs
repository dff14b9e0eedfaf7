//! A resource with metadata (RFC 9728).

use bytes::Bytes;
use http::{Request, Response};

use crate::{
    access,
    error::AuthError,
    event,
    log::{Own, TARGET},
    mcp::ProtectedResource,
    observe::Outcome,
    provider::PrincipalSources,
    request::{AuthRequest, Place},
};

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
        event::passed(Outcome::Metadata, access::about(request));
        Some(answer)
    }

    /// Warns where a provider of the layer lets in who has a token for another service.
    pub(in crate::auth) fn warn_of(&self, principals: &PrincipalSources) {
        let Some(resource) = &self.0 else {
            return;
        };
        for provider in principals.taking_any_audience() {
            tracing::warn!(
                target: TARGET,
                provider,
                resource = %Own(resource.audience()),
                "a provider before a protected resource does not ask whom a token is for: one that \
                 somebody got for another service may be accepted. Name the audience, \
                 `with_audience(resource.audience())`; where a provider cannot check it \
                 (`UserinfoAuth`), take one that can"
            );
        }
    }

    /// Refuses a credential in the query, whoever reads it there: the protocol forbids that, since URLs are logged.
    #[inline]
    pub(in crate::auth) fn check(
        &self,
        places: &[Place],
        request: &AuthRequest<'_>,
    ) -> Result<(), AuthError> {
        let in_query = |place: &&Place| matches!(place, Place::Query(_));
        let places = self.0.iter().flat_map(|_| places.iter().filter(in_query));
        for place in places {
            if request.look(place)?.is_some() {
                return Err(AuthError::invalid_request("token_in_query")
                    .with_message("a credential belongs into a header: URLs are logged"));
            }
        }
        Ok(())
    }
}
