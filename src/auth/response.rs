//! What a layer does to responses that inner services refused.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::core::Core;
use crate::{
    refusal::{RefusedHead, copy_head, unworded},
    request::AuthRequest,
};

/// A layer's wording for a request that went on to other services, which may refuse it yet.
pub(super) struct Rewording {
    core: Arc<Core>,
    /// Taken while the request was here, where a closure will want it.
    head: Option<RefusedHead>,
}

impl Rewording {
    #[inline]
    pub(super) fn of<B>(core: Arc<Core>, request: &Request<B>) -> Self {
        let head = core.refused_head(request);
        Self { core, head }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// What one of our layers refused and nobody has worded yet, as this layer words it.
    pub(super) fn reword<B>(&self, refused: &Response<B>) -> Option<Response<Bytes>> {
        let error = unworded(refused)?;
        Some(self.core.render_again(error, self.head.as_deref(), refused))
    }
}

impl Core {
    /// A copy of a request's head for the closure that replaces refusals, if there is one. It is
    /// without credentials, so that none is in whatever is made of it.
    #[inline]
    pub(super) fn refused_head<B>(&self, request: &Request<B>) -> Option<RefusedHead> {
        self.on_refusal.as_ref()?;
        self.copy_head(&AuthRequest::from(request))
    }

    #[inline(never)]
    pub(super) fn copy_head(&self, request: &AuthRequest<'_>) -> Option<RefusedHead> {
        let mut head = copy_head(request)?;
        self.places.conceal(&mut head, true);
        Some(head)
    }
}
