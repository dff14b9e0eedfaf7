//! What the claims hold on to.

use std::sync::Arc;

use crate::shared::SharedState;

/// Two handles on one state.
pub(super) struct Kit {
    pub(super) one: Arc<dyn SharedState>,
    pub(super) other: Arc<dyn SharedState>,
}
