//! What can be set for every provider of opaque tokens.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{Opaque, verdicts::Vouched};
use crate::{
    clock::Clock,
    error::{AuthError, ConfigError, ConfigErrorKind},
    issuer::fetch::Transport,
    jose::{ClaimRules, JoseError},
    provider::authentication::AuthResult,
    request::CredentialSource,
};

#[derive(Clone)]
pub(in crate::provider) struct Settings {
    /// Only its leeway is used: for the rest of the claims the endpoint vouches.
    pub(in crate::provider) times: ClaimRules,
    pub(in crate::provider) cache_ttl: Duration,
    pub(in crate::provider) remembered: usize,
    pub(in crate::provider) concurrency: usize,
    pub(in crate::provider) time_limit: Duration,
    pub(in crate::provider) ignores_jwts: bool,
    pub(in crate::provider) transport: Transport,
    pub(in crate::provider) clock: Clock,
}

impl Settings {
    /// The answer for a token that the endpoint vouched for, now or a short time ago.
    pub(super) fn judge_times(&self, vouched: Vouched) -> AuthResult {
        let (start, issued, end) = (vouched.not_before, vouched.issued_at, vouched.expires_at);
        let refused = AuthError::invalid_credential;
        match self.times.check_times(start, issued, end, self.clock.now()) {
            Ok(()) => Ok(Some(vouched.context)),
            // The caller may know that it was good once: the endpoint says so.
            Err(JoseError::Expired) => Err(AuthError::expired_credential("token_expired")),
            Err(JoseError::NotYetValid) => Err(refused("token_not_yet_valid")),
            Err(_) => Err(refused("token_issued_in_future")),
        }
    }

    pub(in crate::provider) fn set_cache_ttl(&mut self, ttl: Duration) -> Result<(), ConfigError> {
        if ttl > LONGEST_CACHE_TTL {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "an answer is kept for 300 seconds at most: a revoked token would work for too long",
            ));
        }
        self.cache_ttl = ttl;
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            times: ClaimRules::new().insecure_allow_missing_exp(),
            cache_ttl: Duration::from_secs(30),
            remembered: 10_000,
            concurrency: 32,
            time_limit: Duration::from_secs(5),
            ignores_jwts: false,
            transport: Transport::default(),
            clock: Clock::system(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("leeway", &self.times.leeway())
            .field("cache_ttl", &self.cache_ttl)
            .field("remembered", &self.remembered)
            .field("concurrency", &self.concurrency)
            .field("time_limit", &self.time_limit)
            .field("ignores_jwts", &self.ignores_jwts)
            .finish_non_exhaustive()
    }
}

impl<Q> Opaque<Q> {
    /// Changes a setting, and forgets what was remembered under the old one.
    pub(in crate::provider) fn with_setting(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self.desk = Arc::new(OnceLock::new());
        self
    }

    /// Changes a setting that may be refused, and forgets what was remembered under the old one.
    pub(in crate::provider) fn try_with_setting(
        self,
        change: impl FnOnce(&mut Settings) -> Result<(), ConfigError>,
    ) -> Result<Self, ConfigError> {
        let mut result = Ok(());
        let changed = self.with_setting(|settings| result = change(settings));
        result.map(|()| changed)
    }

    /// Changes the question, and forgets what was remembered under the old one.
    pub(in crate::provider) fn with_question(mut self, change: impl FnOnce(&mut Q)) -> Self
    where
        Q: Clone,
    {
        change(Arc::make_mut(&mut self.question));
        self.desk = Arc::new(OnceLock::new());
        self
    }

    pub(in crate::provider) fn with_sources(
        mut self,
        sources: impl IntoIterator<Item = CredentialSource>,
    ) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }
}

/// The settings that every provider of opaque tokens has, for a type whose field `opaque` is one.
macro_rules! shared_settings {
    ($type:ident) => {
        impl $type {
            /// Replaces how long an answer is remembered, 30 seconds unless set; 0 turns it off.
            ///
            /// It is how long a revoked token may still be accepted. That a token is not good is
            /// remembered for 5 seconds at most, and an answer of more than 16 KiB is not.
            ///
            /// A request with a remembered token is answered at once. From three quarters of the
            /// time on, such a request also has the token asked about again in the background: a
            /// token in use does not lapse, and the endpoint gets a third more questions about it
            /// than without (where the time is 4 seconds or more). What that answer says holds at
            /// once; where the endpoint cannot be asked, the earlier answer lapses in its time.
            /// Nothing is asked about a token that is no longer shown.
            ///
            /// # Errors
            ///
            /// It is more than 300 seconds.
            pub fn with_cache_ttl(mut self, ttl: Duration) -> Result<Self, ConfigError> {
                let set = |settings: &mut Settings| settings.set_cache_ttl(ttl);
                self.opaque = self.opaque.try_with_setting(set)?;
                Ok(self)
            }

            /// Replaces how many good tokens are remembered, 10,000 unless set; 0 turns it off.
            #[must_use]
            pub fn with_remembered_tokens(mut self, count: usize) -> Self {
                let set = |settings: &mut Settings| settings.remembered = count;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces how many questions may be under way at once, 32 unless set.
            ///
            /// Callers whose token the endpoint vouched for within the last hour have at least half
            /// of them (with 1: the first place in line), and up to three quarters where nobody
            /// else needs them. All others, whose tokens may be guesses, have at most half, and a
            /// line of 8 places for each of those; beyond it, the answer is 503 with `Retry-After`
            /// at once. Of these slots and places, one client address has a quarter, at least one
            /// ([`AuthRequest::client_address`](crate::AuthRequest::client_address): IPv6 by /64).
            /// Where that is unknown, as without `into_make_service_with_connect_info`, only the
            /// bound on all of them together holds.
            ///
            /// After a start no token is known. A configuration that is reloaded keeps which ones are,
            /// unless it says something else of this provider.
            ///
            /// Behind a proxy all callers have its address, and what one address may have is all
            /// there is for new tokens: put a [`ClientAddress`](crate::ClientAddress) into the
            /// requests, or set this higher.
            #[must_use]
            pub fn with_max_concurrency(mut self, most: usize) -> Self {
                // None at all would make every token wait and then fail.
                let set = |settings: &mut Settings| settings.concurrency = most.max(1);
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces how long a caller waits for the endpoint, 5 seconds unless set, before the
            /// answer is 503.
            #[must_use]
            pub fn with_wait_limit(mut self, limit: Duration) -> Self {
                let set = |settings: &mut Settings| settings.time_limit = limit;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Trusts the certificate authorities in a PEM file, and no other, where the endpoint is
            /// asked. It takes the place of a client that was set.
            ///
            /// The file is read now, and once.
            ///
            /// # Errors
            ///
            /// It cannot be read, holds no certificate, or holds a private key.
            pub fn with_ca_file(
                self,
                path: impl AsRef<std::path::Path>,
            ) -> Result<Self, ConfigError> {
                let transport = Transport::with_ca_file(path.as_ref())?;
                Ok(self.with_transport(transport))
            }

            pub(crate) fn with_transport(mut self, transport: Transport) -> Self {
                let set = |settings: &mut Settings| settings.transport = transport;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces the HTTP client: for a proxy, a client certificate, another HTTP library. It
            /// takes the place of a CA file that was set.
            ///
            /// It is any tower service that takes an `http::Request<Bytes>` with the whole address in
            /// its URI: [`OAuth2Auth::with_client`](crate::provider::OAuth2Auth::with_client) shows
            /// how a client of `reqwest` becomes one. That no answer is longer than 256 KiB, or
            /// takes longer than [`with_wait_limit`](Self::with_wait_limit), is decided here for
            /// every client. Whom TLS trusts and which proxy is used is decided by the client.
            ///
            /// # Security
            ///
            /// It must follow no redirect: whoever can make the endpoint redirect would get the
            /// token. Its errors are logged: a secret has no place in their text.
            #[must_use]
            pub fn with_client<S, B>(mut self, client: S) -> Self
            where
                S: tower_service::Service<
                        http::Request<bytes::Bytes>,
                        Response = http::Response<B>,
                    > + Clone
                    + Send
                    + Sync
                    + 'static,
                S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
                S::Future: Send,
                B: http_body::Body + Send,
                B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
            {
                let client = std::sync::Arc::new(client);
                let set = |settings: &mut Settings| settings.transport = Transport::Service(client);
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Leaves JSON Web Tokens to another provider of the chain: to what has their shape,
            /// the answer is "not mine". Unless set, the endpoint is asked about every token.
            #[must_use]
            pub fn ignore_jwts(mut self) -> Self {
                let set = |settings: &mut Settings| settings.ignores_jwts = true;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces the source of the callers where no issuer is configured: a label, instead of
            /// the endpoint's address.
            ///
            /// # Errors
            ///
            /// The label is blank, holds a `#`, or begins or ends with white space.
            pub fn with_source(mut self, label: impl Into<String>) -> Result<Self, ConfigError> {
                let label = Label::own(label)?;
                let set = |question: &mut _| Question::set_label(question, label);
                self.opaque = self.opaque.with_question(set);
                Ok(self)
            }

            /// Replaces the source of the callers where no issuer is configured by a label, and says
            /// that every provider of this kind that shares it speaks of the same users.
            ///
            /// # Errors
            ///
            /// The label is blank, holds a `#`, or begins or ends with white space.
            pub fn with_shared_source(
                mut self,
                label: impl Into<String>,
            ) -> Result<Self, ConfigError> {
                let label = Label::shared(label)?;
                let set = |question: &mut _| Question::set_label(question, label);
                self.opaque = self.opaque.with_question(set);
                Ok(self)
            }

            /// Replaces every place that is read, `Authorization: Bearer` unless set.
            #[must_use]
            pub fn with_credentials(
                mut self,
                sources: impl IntoIterator<Item = CredentialSource>,
            ) -> Self {
                self.opaque = self.opaque.with_sources(sources);
                self
            }

            /// Replaces the clock that times are compared with.
            #[must_use]
            pub fn with_clock(mut self, clock: Clock) -> Self {
                let set = |settings: &mut Settings| settings.clock = clock;
                self.opaque = self.opaque.with_setting(set);
                self
            }
        }
    };
}
pub(in crate::provider) use shared_settings;

const LONGEST_CACHE_TTL: Duration = Duration::from_secs(300);
