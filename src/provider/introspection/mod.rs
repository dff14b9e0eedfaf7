//! Opaque tokens, judged by the introspection endpoint of whoever issued them (RFC 7662).

mod answer;
mod client;

use std::{fmt, time::Duration};

use http::StatusCode;

use self::{answer::Rules, client::ClientAuth};
use super::{
    AuthProvider, Authentication, Label, PrincipalSource,
    opaque::{Opaque, Question, Settings, Vouched, endpoint_failed, shared_settings},
};
use crate::{
    clock::Clock,
    context::ClaimPath,
    error::{AuthError, ConfigError},
    fetch::{Endpoint, FetchError, Fetcher, Transport},
    log::TARGET,
    request::{AuthRequest, CredentialSource},
    secret::Secret,
};

/// Accepts tokens that the introspection endpoint of their issuer says are active (RFC 7662),
/// sent as `Authorization: Bearer <token>`.
///
/// The endpoint is asked about everything that is shown as a bearer token, JSON Web Tokens
/// included (see [`ignore_jwts`](Self::ignore_jwts)). Its answer is remembered for a short time
/// ([`with_cache_ttl`](Self::with_cache_ttl)), so a revocation is seen within that time; the
/// token itself is not kept. However many requests show one token at once, the endpoint is asked
/// once. Tokens in use are asked about again before the answer lapses.
///
/// Anybody can show tokens that nobody has seen, and only the endpoint can tell that they are not
/// good. However many come, they cost the callers of good tokens nothing: the endpoint is asked
/// about tokens that it vouched for within the last hour in slots of their own, about all others
/// within narrower bounds, and those beyond the bounds get 503 at once
/// ([`with_concurrency`](Self::with_concurrency)). For a bound by client address too, serve with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
///
/// A token is refused with 401 where `active` is anything but `true`, where a configured audience
/// or issuer is missing or another, where the token is known to be no access token for a bearer
/// (`token_type`, `token_use`, `typ`), where it is bound to a key (`cnf`), and where its times say so. Where the endpoint cannot be
/// reached, or answers with anything but 200 and JSON of the types in RFC 7662 §2.2, the answer is
/// 503: that says nothing about the token. So it is where the endpoint answers 401, which means
/// that it refuses *our* client id and secret, and which is logged as an error.
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
/// Without [`with_audience`](Self::with_audience), a token that the issuer gave somebody for
/// another service is accepted here too, and that service could use it here.
#[derive(Clone)]
pub struct IntrospectionAuth {
    opaque: Opaque<Introspection>,
}

#[derive(Clone, Debug)]
struct Introspection {
    endpoint: Endpoint,
    client: ClientAuth,
    rules: Rules,
}

impl IntrospectionAuth {
    /// Asks that endpoint, as a client with an id and a secret of its own (RFC 6749 §2.3.1).
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

    /// Asks that endpoint, with a bearer token of its own instead of a client id and secret.
    ///
    /// # Errors
    ///
    /// The address is no URL or not https, or the token is blank or cannot stand in a header.
    pub fn bearer(endpoint: &str, token: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::with_token(endpoint, token.into(), false)
    }

    /// Asks an endpoint inside a private network over plain http, as a client with an id and a secret
    /// of its own. It logs one warning, unless the endpoint is asked over https or on loopback all the
    /// same.
    ///
    /// # Security
    ///
    /// Whoever is on the way between this service and the endpoint reads the secret and the callers' tokens,
    /// and can say of any token that it is good. Prefer https with a private CA
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
        made.endpoint().warn_of_http(ENDPOINT);
        Ok(made)
    }

    /// Asks an endpoint inside a private network over plain http, with a bearer token of its own. It
    /// logs one warning, unless the endpoint is asked over https or on loopback all the same.
    ///
    /// # Security
    ///
    /// Whoever is on the way between this service and the endpoint reads this service's token and the callers',
    /// and can say of any token that it is good. Prefer https with a private CA
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
        made.endpoint().warn_of_http(ENDPOINT);
        Ok(made)
    }

    /// Asks with a client id and secret; that plain http may be asked is logged by the caller.
    pub(crate) fn with_secret(
        endpoint: &str,
        client_id: &str,
        secret: Secret,
        allows_http: bool,
    ) -> Result<Self, ConfigError> {
        let client = ClientAuth::basic(client_id, &secret)?;
        Ok(Self::of(read_endpoint(endpoint, allows_http)?, client))
    }

    /// Asks with a bearer token; that plain http may be asked is logged by the caller.
    pub(crate) fn with_token(
        endpoint: &str,
        token: Secret,
        allows_http: bool,
    ) -> Result<Self, ConfigError> {
        let client = ClientAuth::bearer(&token)?;
        Ok(Self::of(read_endpoint(endpoint, allows_http)?, client))
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.opaque.question().endpoint
    }

    fn of(endpoint: Endpoint, client: ClientAuth) -> Self {
        let rules = Rules::new(endpoint.to_string());
        Self {
            opaque: Opaque::new(Introspection {
                endpoint,
                client,
                rules,
            }),
        }
    }

    /// Requires the token's `aud` to be this, or to hold it.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.with_audiences([audience])
    }

    /// Requires the token's `aud` to be or to hold one of these; with an empty list, it is not
    /// looked at.
    #[must_use]
    pub fn with_audiences<S: Into<String>>(self, audiences: impl IntoIterator<Item = S>) -> Self {
        let audiences = audiences.into_iter().map(|one| one.into().into()).collect();
        self.with_rules(|rules| rules.audiences = audiences)
    }

    /// Requires the token's `iss` to be this, compared byte for byte.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into().into();
        self.with_rules(|rules| rules.issuer = Some(issuer))
    }

    /// Replaces the member that holds the scopes, `scope` unless set.
    ///
    /// Whatever its name, it may be a string with spaces between the scopes or an array of strings.
    /// It may stand inside other members: see [`ClaimPath`].
    #[must_use]
    pub fn with_scope_claim(self, claim: impl Into<ClaimPath>) -> Self {
        let claim = claim.into();
        self.with_rules(|rules| rules.scope_claim = claim)
    }

    /// Replaces the member that holds the user id, `sub` unless set; it may stand inside others
    /// (see [`ClaimPath`]).
    ///
    /// It may be a non-empty string, or an integer without fraction and exponent. An `email` counts
    /// only where `email_verified` beside it is `true`.
    ///
    /// # Security
    ///
    /// `username` is for people to read: whether it may change hands is for the issuer to say.
    #[must_use]
    pub fn with_user_id_claim(self, claim: impl Into<ClaimPath>) -> Self {
        self.with_user_id_claims([claim])
    }

    /// Replaces the members that hold the user id, in the order in which they are looked for; unless
    /// set, or with none, it is `sub` alone.
    ///
    /// The first that is there decides, and where it is not the first of the list, it is part of the
    /// [`principal`](crate::AuthContext::principal).
    ///
    /// # Security
    ///
    /// As for [`with_user_id_claim`](Self::with_user_id_claim).
    #[must_use]
    pub fn with_user_id_claims<P: Into<ClaimPath>>(
        self,
        claims: impl IntoIterator<Item = P>,
    ) -> Self {
        self.with_rules(|rules| rules.user_id = std::mem::take(&mut rules.user_id).with(claims))
    }

    /// Accepts an `email` as user id also where nothing says that it was verified.
    ///
    /// # Security
    ///
    /// Wherever users can write any address into their account, everybody can be anybody.
    #[must_use]
    pub fn insecure_unverified_email(self) -> Self {
        let accept = |rules: &mut Rules| {
            rules.user_id = std::mem::take(&mut rules.user_id).accept_unverified_email();
        };
        self.with_rules(accept)
    }

    /// Accepts tokens that are bound to a key (`cnf`: RFC 9449, RFC 8705) without a proof that the
    /// caller has that key.
    ///
    /// # Security
    ///
    /// The binding is then worth nothing here: whoever steals such a token can use it.
    #[must_use]
    pub fn insecure_ignore_confirmation(self) -> Self {
        self.with_rules(|rules| rules.ignores_confirmation = true)
    }

    /// Sends the client id and secret in the form (`client_secret_post`, RFC 6749 §2.3.1), for an
    /// endpoint that does not read them from `Authorization`.
    ///
    /// # Errors
    ///
    /// It was made by [`bearer`](Self::bearer), and has neither.
    pub fn with_client_secret_post(mut self) -> Result<Self, ConfigError> {
        let mut result = Ok(());
        self.opaque =
            self.opaque
                .with_question(|question| match question.client.clone().in_form() {
                    Ok(client) => question.client = client,
                    Err(error) => result = Err(error),
                });
        result.map(|()| self)
    }

    /// Also accepts tokens of clients that act for themselves (RFC 6749 §4.4), where they name no
    /// user at all: the user id is then the `client_id`, and the method `introspection_client`, so
    /// that a client is never the [`principal`](crate::AuthContext::principal) that a user of the
    /// same name is.
    ///
    /// # Security
    ///
    /// Only for an issuer whose answer has a `sub` or `username` for every token that acts for a
    /// user. Where it leaves both out, all users of a client would be that client.
    #[must_use]
    pub fn accept_clients(self) -> Self {
        self.with_rules(|rules| rules.accepts_clients = true)
    }

    /// Limits the scopes that tokens of this issuer grant: any other that a token claims is left out
    /// of [`AuthContext::scopes`](crate::AuthContext::scopes). Unless set, a token grants what it
    /// claims; with an empty list, nothing.
    ///
    /// A member is compared whole, `partner:*` stands for every scope that begins with `partner:`,
    /// and `*` for every scope.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not hand out each other's scopes: whoever signs
    /// tokens writes what they like there. The claims stay readable as they were written, so ask
    /// [`scopes`](crate::AuthContext::scopes) and not the claim.
    #[must_use]
    pub fn with_granted_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with_rules(|rules| rules.grants.set_scopes(scopes))
    }

    /// Limits the roles that tokens of this issuer give: [`by_role`](crate::authorize::by_role) takes
    /// no notice of any other, in whichever claim it looks. Unless set, a role counts whoever writes
    /// it; with an empty list, none does.
    ///
    /// A role is compared whole.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not hand out each other's roles. The claims stay
    /// readable as they were written: code of your own that reads roles asks
    /// [`AuthContext::may_hold_role`](crate::AuthContext::may_hold_role).
    #[must_use]
    pub fn with_granted_roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        self.with_rules(|rules| rules.grants.set_roles(roles))
    }

    /// Replaces how far the clocks may differ; 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// It is more than 300 seconds.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        let set = |settings: &mut Settings| {
            settings.times = settings.times.clone().with_leeway(leeway)?;
            Ok(())
        };
        self.opaque = self.opaque.try_with_setting(set)?;
        Ok(self)
    }

    fn with_rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        let change = |question: &mut Introspection| change(&mut question.rules);
        self.opaque = self.opaque.with_question(change);
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
        let Introspection {
            endpoint, rules, ..
        } = self.opaque.question();
        let source = match &rules.issuer {
            Some(issuer) => PrincipalSource::of_issuer(NAME, issuer),
            None => PrincipalSource::of_endpoint(NAME, rules.label.as_ref(), endpoint),
        };
        let clients = rules.accepts_clients.then(|| source.clone());
        let clients = clients.map(|source| source.with_method(answer::CLIENT));
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

impl Question for Introspection {
    /// RFC 7662 §2.1.
    async fn ask(&self, fetcher: &Fetcher, token: &str) -> Result<Vouched, AuthError> {
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
            // RFC 7662 §2.3: about us, not about the token.
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

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn set_label(&mut self, label: Label) {
        self.rules.label = Some(label);
    }
}

fn read_endpoint(text: &str, allows_http: bool) -> Result<Endpoint, ConfigError> {
    match allows_http {
        true => Endpoint::insecure(ENDPOINT, text),
        false => Endpoint::parse(ENDPOINT, text),
    }
}

const NAME: &str = "introspection";
const ENDPOINT: &str = "introspection endpoint";
