//! The mark on a verified delivery, and the provider that checks it.

use std::sync::Arc;

use http::HeaderName;

use crate::{
    access,
    context::AuthContext,
    provider::{AuthProvider, Authentication, PrincipalSource},
    request::{AuthRequest, CredentialSource},
};

/// The identity of a set of routes: two sets in one program do not accept each other's marks.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin(Arc<()>);

impl Origin {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A verified delivery and its caller. It travels in the request's extensions, where only this module
/// can put one, since the type is private.
#[derive(Clone)]
pub(super) struct Delivered {
    pub(super) origin: Origin,
    /// The path that it was verified for, as the client sent it.
    pub(super) path: Arc<str>,
    pub(super) context: AuthContext,
}

/// Lets in deliveries with the mark, at the path that they were verified for. Any other request has no
/// credential for it.
pub(crate) struct Proof {
    origin: Origin,
    sources: Vec<CredentialSource>,
}

impl Proof {
    /// A header that is itself the secret is named, so that the layer marks and hides it.
    pub(super) fn new(origin: Origin, secret_headers: &[HeaderName]) -> Self {
        let sources = secret_headers.iter().cloned();
        Self {
            origin,
            sources: sources.map(CredentialSource::header).collect(),
        }
    }
}

impl AuthProvider for Proof {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let Some(head) = request.head() else {
            return Ok(None).into();
        };
        let path = access::original_uri(head.uri, head.extensions).path();
        let is_mine = |mark: &&Delivered| mark.origin.is(&self.origin) && *mark.path == *path;
        let mark = head.extensions.get::<Delivered>().filter(is_mine);
        Ok(mark.map(|mark| mark.context.clone())).into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    /// Empty where the webhooks' own layer outside reads the credential.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        match self.sources.is_empty() {
            true => Vec::new(),
            false => vec![self.sources.clone()],
        }
    }

    fn name(&self) -> &'static str {
        "webhook"
    }

    /// Empty: it passes on the caller that a webhook accepted.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        Vec::new()
    }
}
