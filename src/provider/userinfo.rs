//! Opaque tokens, checked at the userinfo endpoint of their issuer (OpenID Connect Core §5.3).

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    AuthProvider, Authentication, Grants, PrincipalSource, SourceLabel, TokenAuthority,
    opaque::{
        ActiveToken, OpaqueSettings, OpaqueTokens, TokenEndpoint, endpoint_failed, shared_settings,
    },
};
use crate::{
    clock::Clock,
    context::{AuthContext, ClaimPath, TokenId, Verified},
    error::{AuthError, ConfigError},
    issuer::fetch::{Endpoint, FetchError, Fetcher, Transport},
    jose::{
        JoseError,
        json::{Members, Value},
        user_id::{UserId, UserIdClaims, member, non_empty},
    },
    request::{AuthRequest, CredentialSource},
    scope::Scopes,
};

/// Accepts tokens for which the userinfo endpoint of their issuer names a user (OpenID Connect Core
/// §5.3), sent as `Authorization: Bearer <token>`.
///
/// For issuers of opaque tokens that have no introspection endpoint. The endpoint's answer is
/// remembered for a short time ([`with_cache_ttl`](Self::with_cache_ttl)), so a revocation counts
/// within that time; the token itself is not kept. However many requests show one token at once, the
/// endpoint is asked once. Before the answer about a token in use expires, the endpoint is asked
/// again.
///
/// Every client can send new tokens, and only the endpoint can tell that they are invalid. A flood of
/// new tokens does not delay callers with good ones: tokens that the endpoint accepted within the last
/// hour have slots of their own, new tokens have fewer slots, and new tokens beyond the bound get 503
/// at once ([`with_max_concurrency`](Self::with_max_concurrency)). For a bound by client address too,
/// serve with `into_make_service_with_connect_info::<SocketAddr>()`.
///
/// Where the endpoint answers 401 or 403, the token is refused with 401. Any other answer but 200
/// and a JSON object with a `sub`, and no answer at all, is 503: that says nothing about the token.
///
/// The context's user id is the `sub` member, its method `userinfo`, its issuer the configured one,
/// else the endpoint's address, and so its source, unless there is a label
/// ([`with_source`](Self::with_source)); every other member is metadata. There are no scopes and no expiry:
/// the endpoint tells of neither.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, provider::UserinfoAuth};
///
/// let tokens = UserinfoAuth::new("https://issuer.example/userinfo")?;
/// let layer = AuthLayer::new(tokens);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// # Security
///
/// **It cannot check the audience of a token.** The endpoint names the user of the token and nothing
/// more, so a token that a user gave to any other application of the same issuer is accepted here: the
/// operator of that application can call this service as its users. Use it only where every
/// application of the issuer is trusted with every user of this service; otherwise use
/// [`IntrospectionAuth`](super::IntrospectionAuth) with an audience, or
/// [`OAuth2Auth`](super::OAuth2Auth).
///
/// For issuers that name users in another claim:
///
/// ```
/// use tower_auth::provider::UserinfoAuth;
///
/// let tokens = UserinfoAuth::new("https://issuer.example/userinfo")?
///     .with_user_id_claim("preferred_username")
///     .with_user_id_claims(["email", "sub"])
///     .insecure_unverified_email();
/// # let _ = tokens;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct UserinfoAuth {
    opaque: OpaqueTokens<Userinfo>,
}

#[derive(Clone, Debug)]
struct Userinfo {
    endpoint: Endpoint,
    issuer: Option<Box<str>>,
    label: Option<SourceLabel>,
    grants: Grants,
    user_id: UserIdClaims,
}

impl UserinfoAuth {
    /// Checks tokens at this endpoint.
    ///
    /// # Errors
    ///
    /// The address is no URL or not https (plain http is accepted on loopback).
    pub fn new(endpoint: &str) -> Result<Self, ConfigError> {
        Endpoint::parse(ENDPOINT, endpoint).map(Self::of)
    }

    /// Checks tokens at an endpoint inside a private network over plain http. Logs one warning, unless
    /// the address is https or loopback.
    ///
    /// # Security
    ///
    /// An attacker on the network between this service and the endpoint reads the callers' tokens, and
    /// can have any token accepted. Prefer https with a private CA
    /// ([`with_ca_file`](Self::with_ca_file)).
    ///
    /// # Errors
    ///
    /// The address is no http or https URL.
    pub fn insecure_allow_http(endpoint: &str) -> Result<Self, ConfigError> {
        let endpoint = Endpoint::parse_insecure(ENDPOINT, endpoint)?;
        endpoint.warn_if_plain_http(ENDPOINT);
        Ok(Self::of(endpoint))
    }

    fn of(endpoint: Endpoint) -> Self {
        Self {
            opaque: OpaqueTokens::new(Userinfo {
                endpoint,
                issuer: None,
                label: None,
                grants: Grants::default(),
                user_id: UserIdClaims::default(),
            }),
        }
    }

    /// Replaces the issuer of the callers: the endpoint's address unless set.
    ///
    /// It is part of the [`principal`](crate::AuthContext::principal). It is not checked, because the
    /// endpoint does not name an issuer.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into().into();
        let change = |endpoint: &mut Userinfo| endpoint.issuer = Some(issuer);
        self.opaque = self.opaque.with_endpoint(change);
        self
    }

    /// Limits the roles that the endpoint's answers give. [`by_role`](crate::authorize::by_role) ignores
    /// any other role, whatever claim it reads. Unless set, every role counts; with an empty list, none
    /// does.
    ///
    /// A role is compared whole.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not grant each other's roles. The claims keep what
    /// the issuer wrote: code of your own that reads roles asks
    /// [`AuthContext::may_hold_role`](crate::AuthContext::may_hold_role).
    #[must_use]
    pub fn with_granted_roles<S: Into<String>>(
        mut self,
        roles: impl IntoIterator<Item = S>,
    ) -> Self {
        let change = |endpoint: &mut Userinfo| endpoint.grants.set_roles(roles);
        self.opaque = self.opaque.with_endpoint(change);
        self
    }
}

impl UserinfoAuth {
    /// Replaces the member that holds the user id, `sub` unless set; it may stand inside others
    /// (see [`ClaimPath`]).
    ///
    /// It may be a non-empty string, or an integer without fraction and exponent: some endpoints
    /// outside OpenID Connect return an integer `id`. An `email` counts only where `email_verified`
    /// beside it is `true`.
    ///
    /// # Security
    ///
    /// Name only a member whose value the issuer never gives to a second user, and none that users may
    /// change themselves (`preferred_username`, `login`, `name`).
    #[must_use]
    pub fn with_user_id_claim(self, claim: impl Into<ClaimPath>) -> Self {
        self.with_user_id_claims([claim])
    }

    /// Replaces the members that hold the user id, in the order in which they are looked for; unless
    /// set, or with none, it is `sub` alone.
    ///
    /// The first member that is present decides. The name of any member but the first of the list
    /// becomes part of the [`principal`](crate::AuthContext::principal).
    ///
    /// # Security
    ///
    /// Name only members whose value the issuer never gives to a second user, and none that users may
    /// change themselves (`preferred_username`, `login`, `name`).
    #[must_use]
    pub fn with_user_id_claims<P: Into<ClaimPath>>(
        self,
        claims: impl IntoIterator<Item = P>,
    ) -> Self {
        self.with_user_id(|user_id| user_id.with(claims))
    }

    /// Accepts an `email` as user id even if the answer does not say that it was verified.
    ///
    /// # Security
    ///
    /// Where users can write any address into their account, every user can pose as any other.
    #[must_use]
    pub fn insecure_unverified_email(self) -> Self {
        self.with_user_id(UserIdClaims::accept_unverified_email)
    }

    fn with_user_id(mut self, change: impl FnOnce(UserIdClaims) -> UserIdClaims) -> Self {
        let change = |endpoint: &mut Userinfo| {
            endpoint.user_id = change(std::mem::take(&mut endpoint.user_id));
        };
        self.opaque = self.opaque.with_endpoint(change);
        self
    }
}

shared_settings!(UserinfoAuth);

impl AuthProvider for UserinfoAuth {
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
        let Userinfo {
            endpoint,
            issuer,
            label,
            user_id,
            ..
        } = self.opaque.endpoint();
        let source = match issuer {
            Some(issuer) => PrincipalSource::of_issuer(NAME, issuer),
            None => PrincipalSource::of_endpoint(NAME, label.as_ref(), endpoint),
        };
        // The endpoint names the user, and not whom the token is for.
        let source = source.taking_any_audience(true);
        source.of_claims(user_id.names(&["sub"]))
    }
}

impl fmt::Debug for UserinfoAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserinfoAuth").field(&self.opaque).finish()
    }
}

impl TokenEndpoint for Userinfo {
    async fn ask(&self, fetcher: &Fetcher, token: &str) -> Result<ActiveToken, AuthError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| AuthError::invalid_credential("token_malformed"))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        let answer = fetcher.get(&self.endpoint, headers).await;
        let document = answer.map_err(endpoint_failed)?;
        match document.status {
            StatusCode::OK => self.read(&document.body),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(AuthError::invalid_credential("token_refused_by_endpoint"))
            }
            status => Err(endpoint_failed(FetchError::Status(status))),
        }
    }

    fn address(&self) -> &Endpoint {
        &self.endpoint
    }

    fn set_label(&mut self, label: SourceLabel) {
        self.label = Some(label);
    }
}

impl Userinfo {
    fn read(&self, body: &[u8]) -> Result<ActiveToken, AuthError> {
        let malformed = |why| endpoint_failed(FetchError::Malformed(why));
        let json = std::str::from_utf8(body).map_err(|_| malformed("not UTF-8"))?;
        let user_id = self.user_id(json).map_err(|error| match error {
            JoseError::EmailUnverified => AuthError::invalid_credential("token_email_unverified"),
            JoseError::BadUserId => malformed("a user id that cannot be used"),
            _ => malformed("no JSON object"),
        })?;
        // OpenID Connect Core §5.3.2: always there. What has none is no userinfo response.
        let user_id = user_id.ok_or_else(|| malformed("no user id that can be used"))?;
        let issuer = self.issuer.clone();
        let issuer = issuer.unwrap_or_else(|| self.endpoint.to_string().into());
        let authority = TokenAuthority {
            issuer: (self.issuer.is_some() || self.label.is_none()).then_some(&*issuer),
            label: self.label.as_ref(),
        };
        let source = authority.source(&user_id.claim.name, user_id.claim.is_first);
        Ok(ActiveToken {
            context: self.grants.limit(
                AuthContext::verified(Verified {
                    user_id: user_id.text.into(),
                    method: NAME,
                    issuer: Some(issuer.into()),
                    scopes: Scopes::default(),
                    expires_at: None,
                    issued_at: None,
                    token_id: TokenId::None,
                    claims: user_id.claim.beside(json.into()),
                })
                .with_label(source),
            ),
            not_before: None,
            issued_at: None,
            expires_at: None,
            answer_len: json.len(),
        })
    }

    fn user_id<'a>(&self, json: &'a str) -> Result<Option<UserId<'a>>, JoseError> {
        // Reads the text to its end first: a text that is no object names no user and has no members.
        let mut members = Members::of(json)?;
        while members.next()?.is_some() {}
        if self.user_id.are_chosen() {
            return self
                .user_id
                .find(json, |value| matches!(value, Value::Null));
        }
        let subject = member(Value::Object(json), "sub")?.and_then(non_empty);
        Ok(subject.map(|text| UserId::usual(text, "sub", true)))
    }
}

const NAME: &str = "userinfo";
const ENDPOINT: &str = "userinfo endpoint";
