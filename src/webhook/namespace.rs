//! Names by which several layers share a store.

use super::layer::WebhookLayer;

impl WebhookLayer {
    /// Names the layer to its replay store; the user id is that name unless set.
    pub(crate) fn with_namespace(self, name: &str) -> Self {
        self.edit(|core| core.namespace = Some(name.into()))
    }
}
