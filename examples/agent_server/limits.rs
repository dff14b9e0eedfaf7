//! How often callers may ask, and how often somebody may guess.

use tower_auth::{
    AuthLayer, ConfigError,
    shared::SharedCounts,
    throttle::{Attempts, Limit, Quota, Requests, TrustedProxies},
    webhook::WebhookLayer,
};

/// What the command line says about limits.
#[derive(Clone)]
pub(crate) struct Limits {
    /// Wrong credentials of a client address.
    pub(crate) attempts: Attempts,
    requests: Requests,
    proxies: Option<TrustedProxies>,
}

impl Limits {
    pub(crate) fn new(
        attempts: Option<Quota>,
        requests: &[Quota],
        proxies: &[String],
    ) -> Result<Self, ConfigError> {
        let attempts = attempts.map_or_else(|| ATTEMPTS.parse(), Ok)?;
        let requests = requests.iter().enumerate().map(|(number, quota)| {
            let limit = Limit::by_caller(*quota);
            match number {
                0 => Ok(limit),
                // Callers read the names, so each has its own.
                _ => limit.with_name(&format!("caller-{}", number + 1)),
            }
        });
        let requests: Vec<Limit> = requests.collect::<Result<_, _>>()?;
        let proxies = (!proxies.is_empty()).then(|| TrustedProxies::new(proxies));
        Ok(Self {
            attempts: Attempts::new(attempts),
            requests: Requests::new(requests)?,
            proxies: proxies.transpose()?,
        })
    }

    /// The limits, counted together with other servers.
    pub(crate) fn counted_in(&self, shared: &SharedCounts) -> Self {
        Self {
            attempts: self.attempts.clone().with_shared(shared.clone()),
            requests: self.requests.clone().with_shared(shared.clone()),
            proxies: self.proxies.clone(),
        }
    }

    /// The layer with these limits.
    pub(crate) fn around(&self, auth: AuthLayer) -> AuthLayer {
        let auth = auth
            .throttle_attempts(self.attempts.clone())
            .throttle_requests(self.requests.clone());
        match &self.proxies {
            Some(proxies) => auth.with_trusted_proxies(proxies.clone()),
            None => auth,
        }
    }

    /// The layer of a webhook: wrong secrets there count with wrong credentials elsewhere.
    pub(crate) fn around_webhook(&self, hook: WebhookLayer) -> WebhookLayer {
        let hook = hook.throttle_attempts(self.attempts.clone());
        match &self.proxies {
            Some(proxies) => hook.with_trusted_proxies(proxies.clone()),
            None => hook,
        }
    }
}

/// Unless the command line or a file says otherwise.
const ATTEMPTS: &str = "30 per minute";
