//! The mark on a delivery that was proven, and the provider that looks for it.

use std::sync::Arc;

use http::HeaderName;

use crate::{
    access,
    context::AuthContext,
    provider::{AuthProvider, Authentication, PrincipalSource},
    request::{AuthRequest, CredentialSource},
};

/// Which routes a mark belongs to: two sets of routes in one program do not take each other's.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin(Arc<()>);

impl Origin {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A delivery that was proven, with the caller that it proves. It rides in the request's extensions,
/// where nobody else can put one: nobody else can name the type.
#[derive(Clone)]
pub(super) struct Delivered {
    pub(super) origin: Origin,
    /// The path that it was proven for, as the client sent it.
    pub(super) path: Arc<str>,
    pub(super) context: AuthContext,
}

/// Lets in deliveries that bear the mark, at the path that they were proven for. To all other requests
/// it answers that nothing was shown, whatever they show.
pub(crate) struct Proof {
    origin: Origin,
    sources: Vec<CredentialSource>,
}

impl Proof {
    /// A header that is itself the secret is named, so that it is kept out of sight.
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

    /// None where the webhooks' own layer outside reads the credential.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        match self.sources.is_empty() {
            true => Vec::new(),
            false => vec![self.sources.clone()],
        }
    }

    fn name(&self) -> &'static str {
        "webhook"
    }

    /// None of its own: it hands on the caller that a webhook let in.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        Vec::new()
    }
}
