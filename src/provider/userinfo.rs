//! Opaque tokens, tried at the userinfo endpoint of whoever issued them (OpenID Connect Core §5.3).

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    AuthProvider, Authentication, Grants, Label, PrincipalSource,
    opaque::{Opaque, Question, Settings, Vouched, endpoint_failed, shared_settings},
};
use crate::{
    AuthContext, AuthError, AuthRequest, Clock, ConfigError, CredentialSource, Scopes,
    fetch::{Endpoint, FetchError, Fetcher},
    jose::{
        claims::non_empty,
        json::{Fault, Members},
    },
};

/// Accepts tokens with which the userinfo endpoint of their issuer tells about a user (OpenID
/// Connect Core §5.3), sent as `Authorization: Bearer <token>`.
///
/// For issuers of opaque tokens that have no introspection endpoint. What the endpoint answered is
/// remembered for a short time ([`with_cache_time`](Self::with_cache_time)), so a revocation is
/// seen within that time; the token itself is not kept. However many requests show one token at
/// once, the endpoint is asked once. Tokens in use are asked about again before the answer lapses.
///
/// Anybody can show tokens that nobody has seen, and only the endpoint can tell that they are not
/// good. However many come, they cost the callers of good tokens nothing: the endpoint is asked
/// about tokens that it vouched for within the last hour in slots of their own, about all others
/// within narrower bounds, and those beyond the bounds get 503 at once
/// ([`with_concurrency`](Self::with_concurrency)). For a bound by client address too, serve with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
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
/// **It cannot check for whom a token is.** The endpoint tells whose token it is and nothing more,
/// so a token that a user gave any other application of the same issuer is accepted here: whoever
/// runs that application can call this service as its users. Use it only where every application
/// of the issuer is trusted with every user of this service; else use
/// [`IntrospectionAuth`](super::IntrospectionAuth) with an audience, or
/// [`OAuth2Auth`](super::OAuth2Auth).
#[derive(Clone)]
pub struct UserinfoAuth {
    opaque: Opaque<Userinfo>,
}

#[derive(Clone, Debug)]
struct Userinfo {
    endpoint: Endpoint,
    issuer: Option<Box<str>>,
    label: Option<Label>,
    grants: Grants,
}

impl UserinfoAuth {
    /// Tries tokens at that endpoint.
    ///
    /// # Errors
    ///
    /// The address is no URL or not https (plain http is accepted on loopback).
    pub fn new(endpoint: &str) -> Result<Self, ConfigError> {
        let endpoint = Endpoint::parse("userinfo endpoint", endpoint)?;
        Ok(Self {
            opaque: Opaque::new(Userinfo {
                endpoint,
                issuer: None,
                label: None,
                grants: Grants::default(),
            }),
        })
    }

    /// Replaces who is said to vouch for the user ids, the endpoint's address unless set.
    ///
    /// It is part of the [`principal`](crate::AuthContext::principal), and not checked: the
    /// endpoint does not name it.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into().into();
        let change = |question: &mut Userinfo| question.issuer = Some(issuer);
        self.opaque = self.opaque.with_question(change);
        self
    }

    /// Limits the roles that the endpoint's answers give: [`by_role`](crate::authorize::by_role) takes
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
    pub fn with_granted_roles<S: Into<String>>(
        mut self,
        roles: impl IntoIterator<Item = S>,
    ) -> Self {
        let change = |question: &mut Userinfo| question.grants.set_roles(roles);
        self.opaque = self.opaque.with_question(change);
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
            ..
        } = self.opaque.question();
        vec![match issuer {
            Some(issuer) => PrincipalSource::of_issuer(NAME, issuer),
            None => PrincipalSource::of_endpoint(NAME, label.as_ref(), endpoint),
        }]
    }
}

impl fmt::Debug for UserinfoAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserinfoAuth").field(&self.opaque).finish()
    }
}

impl Question for Userinfo {
    async fn ask(&self, fetcher: &Fetcher, token: &str) -> Result<Vouched, AuthError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| AuthError::invalid_credential("token_malformed"))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        let answer = fetcher.get(&self.endpoint, headers).await;
        let document = answer.map_err(endpoint_failed)?;
        match document.status {
            StatusCode::OK => self.read(&document.body).map_err(endpoint_failed),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(AuthError::invalid_credential("token_refused_by_endpoint"))
            }
            status => Err(endpoint_failed(FetchError::Status(status))),
        }
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn set_label(&mut self, label: Label) {
        self.label = Some(label);
    }
}

impl Userinfo {
    fn read(&self, body: &[u8]) -> Result<Vouched, FetchError> {
        let json = std::str::from_utf8(body).map_err(|_| FetchError::Malformed("not UTF-8"))?;
        let subject = subject(json).map_err(|_| FetchError::Malformed("no JSON object"))?;
        // OpenID Connect Core §5.3.2: always there. What has none is no userinfo response.
        let user_id = subject.ok_or(FetchError::Malformed("no `sub` that can be used"))?;
        let issuer = self.issuer.clone();
        let label = self.label.as_ref().filter(|_| issuer.is_none());
        let issuer = issuer.unwrap_or_else(|| self.endpoint.to_string().into());
        Ok(Vouched {
            context: self.grants.limit(
                AuthContext::verified(
                    user_id.into(),
                    NAME,
                    Some(issuer.into()),
                    Scopes::default(),
                    None,
                    (json.into(), "sub"),
                )
                .with_label(label.map(Label::text)),
            ),
            not_before: None,
            issued_at: None,
            expires_at: None,
            size: json.len(),
        })
    }
}

fn subject(json: &str) -> Result<Option<Box<str>>, Fault> {
    let mut members = Members::of(json)?;
    let mut subject = None;
    while let Some((name, value)) = members.next()? {
        if name.is("sub") {
            subject = non_empty(value).map(Into::into);
        }
    }
    Ok(subject)
}

const NAME: &str = "userinfo";
