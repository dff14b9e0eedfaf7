//! Refusals of layers further out, in the words of this one.

use bytes::Bytes;
use http::Response;

use super::layer::AuthLayer;
use crate::refusal::unworded;

impl AuthLayer {
    /// What an outer layer of ours refused and nobody has worded yet, as this layer words it.
    pub(crate) fn reworded<B>(&self, refused: &Response<B>) -> Option<Response<Bytes>> {
        let error = unworded(refused)?;
        let core = &self.core;
        Some(core.render_again(error, &core.provider, refused))
    }
}
