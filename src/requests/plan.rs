//! The settings of a set of limits.

use std::sync::Arc;

use super::limit::Limit;
use crate::{clock::Clock, shared::counting::SharedCounts};

#[derive(Clone)]
pub(super) struct Plan {
    pub(super) limits: Arc<[Limit]>,
    pub(super) max_running: Option<u32>,
    pub(super) max_buckets: usize,
    pub(super) clock: Clock,
    pub(super) shared: Option<SharedCounts>,
}
