//! Refusals of layers further out, in the words of this one.

use bytes::Bytes;
use http::Response;

use super::layer::AuthLayer;
use crate::{refusal::unworded, request::AuthRequest};

impl AuthLayer {
    /// The response to a refusal of an outer layer of this crate, in the words of this layer. Nothing
    /// where the refusal has been worded already.
    pub(crate) fn reworded<B>(
        &self,
        request: &AuthRequest<'_>,
        refused: &Response<B>,
    ) -> Option<Response<Bytes>> {
        let error = unworded(refused)?;
        let core = &self.core;
        let head = core
            .on_refusal
            .as_ref()
            .and_then(|_| core.copy_head(request));
        Some(core.render_again(error, head.as_deref(), refused))
    }
}
