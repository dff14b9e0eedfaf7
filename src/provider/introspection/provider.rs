//! The provider that asks an introspection endpoint.

use std::{fmt, time::Duration};

use http::StatusCode;

use super::{
    answer::{self, ActiveTokenRules, NAME},
    client::ClientAuth,
};
use crate::{
    clock::Clock,
    error::{AuthError, ConfigError},
    issuer::fetch::{Endpoint, FetchError, Fetcher, Transport},
    log::TARGET,
    provider::{
        AuthProvider, Authentication, PrincipalSource, SourceLabel,
        opaque::{
            ActiveToken, OpaqueSettings, OpaqueTokens, TokenEndpoint, endpoint_failed,
            shared_settings,
        },
    },
    request::{AuthRequest, CredentialSource},
    secret::Secret,
};

/// Accepts tokens that the introspection endpoint of their issuer says are active (RFC 7662),
/// sent as `Authorization: Bearer <token>`.
///
/// The endpoint is asked about every bearer token, JSON Web Tokens included (see
/// [`ignore_jwts`](Self::ignore_jwts)). Its answer is remembered for a short time
/// ([`with_cache_ttl`](Self::with_cache_ttl)), so a revocation counts within that time; the token
/// itself is not kept. However many requests show one token at once, the endpoint is asked once.
/// Before the answer about a token in use expires, the endpoint is asked again.
///
/// Every client can send new tokens, and only the endpoint can tell that they are invalid. A flood of
/// new tokens does not delay callers with good ones: tokens that the endpoint accepted within the last
/// hour have slots of their own, new tokens have fewer slots, and new tokens beyond the bound get 503
/// at once ([`with_max_concurrency`](Self::with_max_concurrency)). For a bound by client address too,
/// serve with `into_make_service_with_connect_info::<SocketAddr>()`.
///
/// A token is refused with 401 where `active` is anything but `true`, where a configured audience or
/// issuer is missing or different, where the token is known not to be a bearer access token
/// (`token_type`, `token_use`, `typ`), where it is bound to a key (`cnf`), and where it is expired or
/// not yet valid. The answer is 503 where the endpoint cannot be reached, or answers with anything but
/// 200 and JSON of the types in RFC 7662 §2.2: that says nothing about the token. It is 503 too where
/// the endpoint answers 401, which means that it refuses the client id and secret of this service; the
/// log has an error then.
///
/// The context's user id is the `sub` member, its method `introspection`, its issuer the configured
/// one, else the endpoint's address, and so its source, unless there is a label
/// ([`with_source`](Self::with_source)); `scope` gives the scopes and every other member is metadata.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, provider::IntrospectionAuth};
///
/// let secret = "…"; // from the environment
/// let tokens = IntrospectionAuth::new("https://issuer.example/introspect", "my-agent", secret)?
///     .with_audience("https://my-agent.example");
/// let layer = AuthLayer::new(tokens);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// # Security
///
/// Without [`with_audience`](Self::with_audience), a token for another service of the issuer is accepted
/// here too, and that service could use its callers' tokens here.
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::provider::IntrospectionAuth;
///
/// let tokens = IntrospectionAuth::new("https://issuer.example/introspect", "agent", "secret")?
///     .with_client_secret_post()?
///     .with_audiences(["my-agent", "my-agent-eu"])
///     .with_scope_claim("scp")
///     .with_user_id_claim("oid")
///     .with_user_id_claims(["oid", "sub"])
///     .accept_clients()
///     .ignore_jwts()
///     .with_leeway(Duration::from_secs(60))?
///     .with_cache_ttl(Duration::from_secs(60))?
///     .with_remembered_tokens(10_000)
///     .with_max_concurrency(64)
///     .with_wait_limit(Duration::from_secs(2))
///     .insecure_unverified_email()
///     .insecure_ignore_confirmation();
///
/// // An endpoint inside a private network that asks for a bearer token:
/// let inside = IntrospectionAuth::insecure_allow_http_bearer("http://issuer.internal/introspect", "token")?;
/// # let _ = (tokens, inside);
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct IntrospectionAuth {
    pub(super) opaque: OpaqueTokens<IntrospectionEndpoint>,
}

#[derive(Clone, Debug)]
pub(super) struct IntrospectionEndpoint {
    endpoint: Endpoint,
    pub(super) client: ClientAuth,
    rules: ActiveTokenRules,
}

impl IntrospectionAuth {
    /// Asks this endpoint with a client id and secret (RFC 6749 §2.3.1).
    ///
    /// # Errors
    ///
    /// The address is no URL or not https (plain http is accepted on loopback), or the id or the
    /// secret is blank.
    pub fn new(
        endpoint: &str,
        client_id: &str,
        client_secret: impl Into<Secret>,
    ) -> Result<Self, ConfigError> {
        Self::with_secret(endpoint, client_id, client_secret.into(), false)
    }

    /// Asks this endpoint with a bearer token instead of a client id and secret.
    ///
    /// # Errors
    ///
    /// The address is no URL or not https, or the token is blank or cannot stand in a header.
    pub fn bearer(endpoint: &str, token: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::with_token(endpoint, token.into(), false)
    }

    /// Asks an endpoint inside a private network over plain http, with a client id and secret. Logs
    /// one warning, unless the address is https or loopback.
    ///
    /// # Security
    ///
    /// An attacker on the network between this service and the endpoint reads the secret and the
    /// callers' tokens, and can have any token accepted. Prefer https with a private CA
    /// ([`with_ca_file`](Self::with_ca_file)).
    ///
    /// # Errors
    ///
    /// The address is no http or https URL, or the id or the secret is blank.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::IntrospectionAuth;
    ///
    /// let endpoint = "http://keycloak:8080/realms/agents/protocol/openid-connect/token/introspect";
    /// let tokens = IntrospectionAuth::insecure_allow_http(endpoint, "my-agent", "…")?;
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn insecure_allow_http(
        endpoint: &str,
        client_id: &str,
        client_secret: impl Into<Secret>,
    ) -> Result<Self, ConfigError> {
        let made = Self::with_secret(endpoint, client_id, client_secret.into(), true)?;
        made.endpoint().warn_if_plain_http(ENDPOINT);
        Ok(made)
    }

    /// Asks an endpoint inside a private network over plain http, with a bearer token. Logs one
    /// warning, unless the address is https or loopback.
    ///
    /// # Security
    ///
    /// An attacker on the network between this service and the endpoint reads this service's token and
    /// the callers' tokens, and can have any token accepted. Prefer https with a private CA
    /// ([`with_ca_file`](Self::with_ca_file)).
    ///
    /// # Errors
    ///
    /// The address is no http or https URL, or the token is blank or cannot stand in a header.
    pub fn insecure_allow_http_bearer(
        endpoint: &str,
        token: impl Into<Secret>,
    ) -> Result<Self, ConfigError> {
        let made = Self::with_token(endpoint, token.into(), true)?;
        made.endpoint().warn_if_plain_http(ENDPOINT);
        Ok(made)
    }

    /// Asks with a client id and secret. The caller logs the warning about plain http.
    pub(crate) fn with_secret(
        endpoint: &str,
        client_id: &str,
        secret: Secret,
        allows_http: bool,
    ) -> Result<Self, ConfigError> {
        let client = ClientAuth::basic(client_id, &secret)?;
        Ok(Self::of(read_endpoint(endpoint, allows_http)?, client))
    }

    /// Asks with a bearer token. The caller logs the warning about plain http.
    pub(crate) fn with_token(
        endpoint: &str,
        token: Secret,
        allows_http: bool,
    ) -> Result<Self, ConfigError> {
        let client = ClientAuth::bearer(&token)?;
        Ok(Self::of(read_endpoint(endpoint, allows_http)?, client))
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.opaque.endpoint().endpoint
    }

    fn of(endpoint: Endpoint, client: ClientAuth) -> Self {
        let rules = ActiveTokenRules::new(endpoint.to_string());
        Self {
            opaque: OpaqueTokens::new(IntrospectionEndpoint {
                endpoint,
                client,
                rules,
            }),
        }
    }

    pub(super) fn with_rules(mut self, change: impl FnOnce(&mut ActiveTokenRules)) -> Self {
        let change = |endpoint: &mut IntrospectionEndpoint| change(&mut endpoint.rules);
        self.opaque = self.opaque.with_endpoint(change);
        self
    }
}

shared_settings!(IntrospectionAuth);

impl AuthProvider for IntrospectionAuth {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        self.opaque.authenticate(request)
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.opaque.sources()
    }

    fn name(&self) -> &'static str {
        NAME
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let IntrospectionEndpoint {
            endpoint, rules, ..
        } = self.opaque.endpoint();
        let source = match &rules.issuer {
            Some(issuer) => PrincipalSource::of_issuer(NAME, issuer),
            None => PrincipalSource::of_endpoint(NAME, rules.label.as_ref(), endpoint),
        };
        let clients = rules.accepts_clients.then(|| source.clone());
        let clients = clients.map(|source| source.with_method(answer::CLIENT));
        let source = source.taking_any_audience(rules.audiences.is_empty());
        let users = source.of_claims(rules.user_id.names(&["sub"]));
        users.into_iter().chain(clients).collect()
    }
}

impl fmt::Debug for IntrospectionAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntrospectionAuth")
            .field(&self.opaque)
            .finish()
    }
}

impl TokenEndpoint for IntrospectionEndpoint {
    /// RFC 7662 §2.1.
    async fn ask(&self, fetcher: &Fetcher, token: &str) -> Result<ActiveToken, AuthError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .extend_pairs(self.client.members().into_iter().flatten())
            .finish();
        let headers = self.client.headers();
        let answer = fetcher.post_form(&self.endpoint, headers, form).await;
        let document = answer.map_err(endpoint_failed)?;
        match document.status {
            StatusCode::OK => self.rules.judge(&document.body),
            // RFC 7662 §2.3: the endpoint refuses our client, which says nothing about the token.
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                tracing::error!(
                    target: TARGET,
                    provider = NAME,
                    endpoint = %self.endpoint,
                    status = status.as_u16(),
                    "the introspection endpoint refuses our own client id and secret, or token: \
                     no token can be checked until they are set right"
                );
                let error = FetchError::Status(status);
                Err(AuthError::unavailable(error).with_reason("endpoint_refuses_our_client"))
            }
            status => Err(endpoint_failed(FetchError::Status(status))),
        }
    }

    fn address(&self) -> &Endpoint {
        &self.endpoint
    }

    fn set_label(&mut self, label: SourceLabel) {
        self.rules.label = Some(label);
    }
}

fn read_endpoint(text: &str, allows_http: bool) -> Result<Endpoint, ConfigError> {
    match allows_http {
        true => Endpoint::parse_insecure(ENDPOINT, text),
        false => Endpoint::parse(ENDPOINT, text),
    }
}

const ENDPOINT: &str = "introspection endpoint";
