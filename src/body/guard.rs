//! What a body holds until it has ended.

use std::{fmt, sync::Arc};

/// What a body holds.
#[derive(Clone)]
pub(crate) struct Guard(
    #[expect(dead_code, reason = "it is held, and dropped")] Arc<dyn Send + Sync>,
);

impl Guard {
    pub(crate) fn new(held: Arc<dyn Send + Sync>) -> Self {
        Self(held)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
