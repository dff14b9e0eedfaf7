//! The client of one endpoint: asks it, remembers its answers, bounds its lookups.

use std::sync::Arc;

use tokio::sync::watch;

use super::{
    cache::{ActiveToken, AnswerCache},
    contract::TokenEndpoint,
    in_flight::InFlight,
    settings::OpaqueSettings,
    slots::Slots,
};
use crate::{
    error::{ConfigError, ConfigErrorKind},
    issuer::fetch::Fetcher,
    memory::TokenHasher,
    provider::AuthResult,
};

/// Asks one endpoint about tokens and remembers its answers.
pub(super) struct EndpointClient<E> {
    pub(super) endpoint: Arc<E>,
    pub(super) settings: OpaqueSettings,
    pub(super) fetcher: Fetcher,
    hasher: TokenHasher,
    pub(super) cache: AnswerCache,
    pub(super) in_flight: Arc<InFlight>,
    pub(super) slots: Arc<Slots>,
    /// Closes when the last copy of the provider is dropped.
    pub(super) provider: watch::Receiver<()>,
}

/// Holds the client for as long as a copy of the provider lives.
///
/// Running lookups hold the client as well, so its reference count does not tell them that the
/// provider is gone; the sender does.
pub(super) struct ClientOwner<E> {
    client: Arc<EndpointClient<E>>,
    _provider: watch::Sender<()>,
}

impl<E: TokenEndpoint> ClientOwner<E> {
    pub(super) fn new(endpoint: Arc<E>, settings: OpaqueSettings) -> Result<Self, ConfigError> {
        let fetcher = Fetcher::new(endpoint.address(), &settings.transport)?;
        let (sender, provider) = watch::channel(());
        let client = EndpointClient {
            endpoint,
            fetcher: fetcher.with_time_limit(settings.time_limit),
            hasher: TokenHasher::new().ok_or_else(no_randomness)?,
            cache: AnswerCache::new(settings.remembered_tokens, settings.cache_ttl),
            in_flight: Arc::default(),
            slots: Arc::new(Slots::new(settings.concurrency)),
            provider,
            settings,
        };
        Ok(Self {
            client: Arc::new(client),
            _provider: sender,
        })
    }

    pub(super) fn client(&self) -> &Arc<EndpointClient<E>> {
        &self.client
    }
}

impl<E> EndpointClient<E> {
    /// The hash by which a token is known here.
    pub(super) fn hash(&self, token: &str) -> u128 {
        self.hasher.hash(token.as_bytes())
    }

    /// Whether the endpoint accepted the token within the last hour.
    pub(super) fn is_known(&self, hash: u128) -> bool {
        self.cache.is_known(hash, self.settings.clock.now())
    }

    /// The answer for a token that the endpoint called active, now or a short time ago.
    pub(super) fn judge_times(&self, active: ActiveToken) -> AuthResult {
        self.settings.judge_times(active)
    }
}

fn no_randomness() -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Unsupported,
        "the system has no randomness to give: tokens cannot be remembered safely",
    )
}
