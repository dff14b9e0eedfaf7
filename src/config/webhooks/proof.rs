//! The mark on a delivery that was proven, and who looks for it.

use std::sync::Arc;

use http::HeaderName;

use crate::{
    context::AuthContext,
    provider::{AuthProvider, Authentication, PrincipalSource},
    request::{AuthRequest, CredentialSource},
};

/// Which set-up a mark belongs to: two in one program do not take each other's.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Origin(Arc<()>);

impl Origin {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A delivery that was proven, with what it proves. It rides in the request's extensions, where
/// nobody else can put one: nobody else can name the type.
#[derive(Clone)]
pub(super) struct Delivered {
    pub(super) origin: Origin,
    pub(super) path: Arc<str>,
    pub(super) context: AuthContext,
}

/// Lets in deliveries to one path, or to any: those that bear the mark. To all other requests it
/// answers that nothing was shown, whatever they show.
pub(in crate::config) struct Proof {
    origin: Origin,
    path: Option<Arc<str>>,
    sources: Vec<CredentialSource>,
}

impl Proof {
    /// For one path. A header that is itself the secret is named, so that it is kept out of sight.
    pub(in crate::config) fn of_path(
        origin: &Origin,
        path: &Arc<str>,
        secret_headers: &[HeaderName],
    ) -> Self {
        let sources = secret_headers.iter().cloned();
        Self {
            origin: origin.clone(),
            path: Some(Arc::clone(path)),
            sources: sources.map(CredentialSource::header).collect(),
        }
    }

    pub(in crate::config) fn of_any_path(origin: &Origin) -> Self {
        Self {
            origin: origin.clone(),
            path: None,
            sources: Vec::new(),
        }
    }
}

impl AuthProvider for Proof {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let mark = request
            .head()
            .and_then(|head| head.extensions.get::<Delivered>());
        let is_mine = |mark: &&Delivered| {
            mark.origin.is(&self.origin) && self.path.as_ref().is_none_or(|path| *path == mark.path)
        };
        Ok(mark.filter(is_mine).map(|mark| mark.context.clone())).into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    fn name(&self) -> &'static str {
        "webhook"
    }

    /// None of its own: it hands on whom a webhook's layer let in.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        Vec::new()
    }
}
