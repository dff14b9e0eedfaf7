//! The setters that every provider of opaque tokens has.

/// Writes the setters for a type whose field `opaque` is an `OpaqueTokens`.
macro_rules! shared_settings {
    ($type:ident) => {
        impl $type {
            /// Replaces how long an answer is remembered, 30 seconds unless set; 0 turns it off.
            ///
            /// A revoked token may still be accepted for that long. A refusal is remembered for 5
            /// seconds at most, and an answer of more than 16 KiB is not remembered.
            ///
            /// A request with a remembered token is answered at once. After three quarters of the
            /// time, such a request also starts a renewal in the background: the endpoint is asked
            /// again, so the answer about a token in use does not expire. That makes a third more
            /// questions about such a token (where the time is 4 seconds or more). The new answer
            /// counts at once; where the endpoint cannot be asked, the earlier answer expires in its
            /// time. Nothing is asked about a token that is no longer shown.
            ///
            /// # Errors
            ///
            /// It is more than 300 seconds.
            pub fn with_cache_ttl(mut self, ttl: Duration) -> Result<Self, ConfigError> {
                let set = |settings: &mut OpaqueSettings| settings.set_cache_ttl(ttl);
                self.opaque = self.opaque.try_with_setting(set)?;
                Ok(self)
            }

            /// Replaces how many accepted tokens are remembered, 10,000 unless set; 0 turns it off.
            #[must_use]
            pub fn with_remembered_tokens(mut self, count: usize) -> Self {
                let set = |settings: &mut OpaqueSettings| settings.remembered_tokens = count;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces how many questions to the endpoint may run at once, 32 unless set.
            ///
            /// A known token is one that the endpoint accepted within the last hour. Known tokens have
            /// at least half of the slots (with one slot: the next time that it is free), and up to
            /// three quarters where no other token needs them. New tokens, which may be guesses, have
            /// at most half, and 8 places in a queue for each slot of theirs; beyond it, the answer is
            /// 503 with `Retry-After` at once. One client address has a quarter of those slots and
            /// places, at least one
            /// ([`AuthRequest::client_address`](crate::AuthRequest::client_address): IPv6 by /64).
            /// Where the address is unknown, as without `into_make_service_with_connect_info`, only
            /// the bound on all new tokens holds.
            ///
            /// After a start no token is known. A reload of a configuration keeps the known tokens,
            /// unless it changes this provider.
            ///
            /// Behind a proxy all callers have the proxy's address, and together they have the quarter
            /// of one address: put a [`ClientAddress`](crate::ClientAddress) into the requests, or set
            /// this higher.
            #[must_use]
            pub fn with_max_concurrency(mut self, most: usize) -> Self {
                // With 0 slots, every token would wait and then fail.
                let set = |settings: &mut OpaqueSettings| settings.concurrency = most.max(1);
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces how long a caller waits for the endpoint, 5 seconds unless set, before the
            /// answer is 503.
            #[must_use]
            pub fn with_wait_limit(mut self, limit: Duration) -> Self {
                let set = |settings: &mut OpaqueSettings| settings.time_limit = limit;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Trusts only the certificate authorities in a PEM file for the connection to the
            /// endpoint. It replaces a client that was set before.
            ///
            /// The file is read once, by this call.
            ///
            /// # Errors
            ///
            /// The file cannot be read, holds no certificate, or holds a private key.
            pub fn with_ca_file(
                self,
                path: impl AsRef<std::path::Path>,
            ) -> Result<Self, ConfigError> {
                let transport = Transport::with_ca_file(path.as_ref())?;
                Ok(self.with_transport(transport))
            }

            pub(crate) fn with_transport(mut self, transport: Transport) -> Self {
                let set = |settings: &mut OpaqueSettings| settings.transport = transport;
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Replaces the HTTP client: for a proxy, a client certificate, another HTTP library. It
            /// replaces a CA file that was set before.
            ///
            /// The client is any tower service that takes an `http::Request<Bytes>` with the whole
            /// address in its URI:
            /// [`OAuth2Auth::with_client`](crate::provider::OAuth2Auth::with_client) shows how a
            /// client of `reqwest` becomes one. This crate limits every answer to 256 KiB and to the
            /// time of [`with_wait_limit`](Self::with_wait_limit). The client decides about trust in
            /// TLS and the proxy.
            ///
            /// # Security
            ///
            /// The client must not follow redirects: the target of a redirect would get the token. Its
            /// errors are logged, so their text must hold no secret.
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
                let set =
                    |settings: &mut OpaqueSettings| settings.transport = Transport::Service(client);
                self.opaque = self.opaque.with_setting(set);
                self
            }

            /// Leaves JSON Web Tokens to another provider of the chain: a token of their shape is "not
            /// mine". Unless set, the endpoint is asked about every token.
            #[must_use]
            pub fn ignore_jwts(mut self) -> Self {
                let set = |settings: &mut OpaqueSettings| settings.ignores_jwts = true;
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
                let label = SourceLabel::own(label)?;
                let set = |endpoint: &mut _| TokenEndpoint::set_label(endpoint, label);
                self.opaque = self.opaque.with_endpoint(set);
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
                let label = SourceLabel::shared(label)?;
                let set = |endpoint: &mut _| TokenEndpoint::set_label(endpoint, label);
                self.opaque = self.opaque.with_endpoint(set);
                Ok(self)
            }

            /// Checks a token that did not come in a request, such as one from a message queue.
            ///
            /// It needs a Tokio runtime, unless the answer is remembered.
            ///
            /// # Errors
            ///
            /// 401 where the token is wrong, or is left to another provider
            /// ([`ignore_jwts`](Self::ignore_jwts)); 503 where it could not be checked.
            pub async fn verify(
                &self,
                token: &str,
            ) -> Result<$crate::context::AuthContext, $crate::error::AuthError> {
                self.opaque.verify(token).await
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
                let set = |settings: &mut OpaqueSettings| settings.clock = clock;
                self.opaque = self.opaque.with_setting(set);
                self
            }
        }
    };
}
pub(in crate::provider) use shared_settings;
