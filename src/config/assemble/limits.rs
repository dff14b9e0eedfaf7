//! The limits of a document, once they are made.

use crate::{
    attempts::Attempts,
    auth::layer::AuthLayer,
    config::{
        read::{Count, Filled, Slot},
        shape::throttle::{AttemptsLimit, RequestLimit},
    },
    proxies::TrustedProxies,
    requests::Requests,
    webhook::WebhookLayer,
};

/// The limits of a document, for its layer and its webhooks.
#[derive(Clone, Default)]
pub(in crate::config) struct Limits {
    pub(super) attempts: Option<Attempts>,
    pub(super) requests: Option<Requests>,
    pub(super) proxies: Option<TrustedProxies>,
}

/// Limits whose counts another file goes on with, if it says the same of them.
#[derive(Clone)]
pub(super) struct KeptLimits {
    pub(super) attempts: Slot<AttemptsLimit>,
    /// The limits of requests, and how many may run.
    pub(super) requests: (Slot<Filled<RequestLimit>>, Slot<Count>),
    pub(super) limits: Limits,
}

impl KeptLimits {
    pub(super) fn says_as(&self, other: &Self) -> bool {
        self.attempts == other.attempts && self.requests == other.requests
    }
}

impl Limits {
    /// The layer with these limits.
    pub(super) fn limit(&self, mut layer: AuthLayer) -> AuthLayer {
        if let Some(attempts) = &self.attempts {
            layer = layer.throttle_attempts(attempts.clone());
        }
        if let Some(requests) = &self.requests {
            layer = layer.throttle_requests(requests.clone());
        }
        match &self.proxies {
            Some(proxies) => layer.with_trusted_proxies(proxies.clone()),
            None => layer,
        }
    }

    /// The layer of a webhook with the limit of wrong signatures: they count with wrong credentials.
    pub(super) fn limit_webhook(&self, mut layer: WebhookLayer) -> WebhookLayer {
        if let Some(attempts) = &self.attempts {
            layer = layer.throttle_attempts(attempts.clone());
        }
        match &self.proxies {
            Some(proxies) => layer.with_trusted_proxies(proxies.clone()),
            None => layer,
        }
    }
}
