//! The limit that a refused request exceeded.

use std::sync::Arc;

use super::AuthError;

/// A limit as the refused caller is told of it.
#[derive(Clone)]
pub(crate) struct QuotaPolicy {
    name: Arc<str>,
    requests: u32,
    /// 0 where it is of requests that run at the same time.
    seconds: u32,
}

impl QuotaPolicy {
    pub(crate) fn new(name: &Arc<str>, requests: u32, seconds: u32) -> Self {
        Self {
            name: Arc::clone(name),
            requests,
            seconds,
        }
    }

    /// A limit of requests that run at the same time.
    pub(crate) fn concurrent(most: u32) -> Self {
        Self {
            name: "running".into(),
            requests: most,
            seconds: 0,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests
    }

    /// The time of the quota; `None` where it is of requests that run at the same time.
    pub(crate) fn seconds(&self) -> Option<u32> {
        (self.seconds > 0).then_some(self.seconds)
    }
}

impl AuthError {
    /// Names the limit that was exceeded.
    #[must_use]
    pub(crate) fn with_policy(mut self, policy: QuotaPolicy) -> Self {
        self.edit().policy = Some(Box::new(policy));
        self
    }

    /// The limit that was exceeded, where one was.
    pub(crate) fn policy(&self) -> Option<&QuotaPolicy> {
        self.inner.policy.as_deref()
    }
}
