//! The places in a request where a credential may stand.

use std::borrow::Cow;

use http::{HeaderName, header};

use super::origin::Origin;
use crate::error::{ConfigError, ConfigErrorKind};

/// One place where a provider looks for its credential.
///
/// The layer reads these to refuse a request that shows one credential twice, to mark credential
/// headers as sensitive, and to say in a challenge what to present.
///
/// # Example
///
/// ```
/// use http::HeaderName;
/// use tower_auth::CredentialSource;
///
/// let session = HeaderName::from_static("x-session");
/// let sources = [CredentialSource::header(session.clone()), CredentialSource::cookie("session")];
/// assert_eq!(sources[0].header_name(), Some(&session));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSource {
    place: Place,
    fallback: bool,
    /// Whose pages may act with this cookie, beside the request's own.
    origins: Vec<Origin>,
    /// Whether a check reads it, which runs only after a provider has accepted.
    is_second_factor: bool,
}

/// When a place is read: one rank only where those before it show nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// One of these may show a credential, not two.
    First,
    /// The first of these in the order they are named.
    Fallback,
    /// One of these may show a credential: a cookie yields to whatever else there is.
    Cookie,
}

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Authorization(Cow<'static, str>),
    Header(HeaderName),
    Cookie(Cow<'static, str>),
    WebSocketProtocol,
    Query(Cow<'static, str>),
}

impl CredentialSource {
    /// `Authorization: Bearer …` (RFC 6750 §2.1).
    pub const fn bearer() -> Self {
        Self::of(Place::Authorization(Cow::Borrowed("Bearer")))
    }

    /// `Authorization` with that scheme, which is compared without case (RFC 9110 §11.1).
    pub const fn authorization(scheme: &'static str) -> Self {
        Self::of(Place::Authorization(Cow::Borrowed(scheme)))
    }

    /// A header that holds nothing but the credential.
    pub const fn header(name: HeaderName) -> Self {
        Self::of(Place::Header(name))
    }

    /// A cookie; it yields to the other places.
    ///
    /// # Security
    ///
    /// A browser sends cookies by itself, also for pages of other sites: cross-site request
    /// forgery, and hijacked WebSockets. So with an upgrade or a method other than GET, HEAD and
    /// OPTIONS the cookie counts only for a request of one's own pages, judged in this order:
    ///
    /// 1. `Origin` or `Sec-Fetch-Site` sent twice: refused.
    /// 2. `Origin` is one of [`with_origins`](Self::with_origins): passes.
    /// 3. `Sec-Fetch-Site`, which a page cannot set: `same-origin` and `none` pass, everything else
    ///    is refused.
    /// 4. Neither: `Origin` must be the host and port that the request was sent to (`Host`, and the
    ///    authority of the URI where it has one), with `https`, or with `http` on loopback; a
    ///    default port may be left out.
    ///
    /// A refused request gets 403 `cross_origin`. With a safe method the cookie counts from anywhere:
    /// a GET must change nothing. Set the cookie itself with `Secure`, `HttpOnly` and `SameSite`.
    pub fn cookie(name: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Place::Cookie(name.into()))
    }

    /// Replaces the origins whose pages may act with this cookie, beside the request's own; none
    /// unless set.
    ///
    /// For pages of another host (`app.example.com`) that call this one (`api.example.com`), for
    /// plain `http` in a private network, and behind a proxy that rewrites `Host`. An origin is
    /// compared whole: scheme, host and port, without case, a default port left out or not.
    ///
    /// # Errors
    ///
    /// An origin is malformed (`*`, `null` and one with a path are), or this is no cookie: whatever
    /// else stands in a request was put there by who sent it.
    ///
    /// # Security
    ///
    /// Whoever can run a script on a page of such an origin acts as the user: name no origin where
    /// others publish pages, and none with `http` whose network is not yours.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{CredentialSource, provider::JwtAuth};
    ///
    /// let session = CredentialSource::cookie("session").with_origins(["https://app.example.com"])?;
    /// let tokens = JwtAuth::hs256("a secret of at least thirty-two bytes")?
    ///     .with_credentials([CredentialSource::bearer(), session]);
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn with_origins<O: AsRef<str>>(
        mut self,
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, ConfigError> {
        if !matches!(self.place, Place::Cookie(_)) {
            return Err(ConfigError::new(
                ConfigErrorKind::Conflict,
                "origins count only for a cookie: leave them out here",
            ));
        }
        self.origins = origins
            .into_iter()
            .map(|origin| Origin::parse(origin.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// `Sec-WebSocket-Protocol: bearer, <token>`, for browsers, which cannot set other headers on
    /// a WebSocket.
    ///
    /// The layer takes the token out of the offer and, unless the inner service selects another
    /// protocol, answers with `bearer` selected.
    pub const fn websocket_protocol() -> Self {
        Self::of(Place::WebSocketProtocol)
    }

    /// A query parameter.
    ///
    /// # Security
    ///
    /// URLs are logged, kept in histories and sent on as `Referer` (RFC 6750 §5.3): whoever reads
    /// such a log has the credential. Use it only for what can do nothing else.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{CredentialSource, provider::ApiKeyAuth};
    ///
    /// let sources = [CredentialSource::bearer(), CredentialSource::insecure_query("key").fallback()];
    /// let downloads = ApiKeyAuth::new(["sk-download-1"])?.with_credentials(sources);
    /// # let _ = downloads;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn insecure_query(name: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Place::Query(name.into()))
    }

    /// Makes this a place that is read only where the others show nothing, instead of one that
    /// must not show a credential beside them.
    #[must_use]
    pub fn fallback(mut self) -> Self {
        self.fallback = true;
        self
    }

    const fn of(place: Place) -> Self {
        Self {
            place,
            fallback: false,
            origins: Vec::new(),
            is_second_factor: false,
        }
    }

    /// Makes this a place that nobody judges before a provider has accepted.
    pub(crate) fn as_second_factor(&self) -> Self {
        Self {
            is_second_factor: true,
            ..self.clone()
        }
    }

    pub(crate) fn is_second_factor(&self) -> bool {
        self.is_second_factor
    }

    /// The header that this place is part of; `None` for a query parameter.
    pub fn header_name(&self) -> Option<&HeaderName> {
        self.place.header_name()
    }

    /// The authentication scheme that a challenge names for it.
    ///
    /// A credential in a place without a scheme of its own is challenged as `Bearer`.
    pub(crate) fn scheme(&self) -> &str {
        match &self.place {
            Place::Authorization(scheme) => scheme,
            _ => "Bearer",
        }
    }

    pub(super) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn rank(&self) -> Rank {
        match self.place {
            Place::Cookie(_) => Rank::Cookie,
            _ if self.fallback => Rank::Fallback,
            _ => Rank::First,
        }
    }
}

impl Place {
    /// Whether what stands in one is the other's too: they are the same place, or one is the whole
    /// header that the other is a part of. A credential there is shown once, however often it is
    /// named.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(name), place) | (place, Self::Header(name)) => {
                place.header_name() == Some(name)
            }
            _ => self == other,
        }
    }

    pub(crate) fn header_name(&self) -> Option<&HeaderName> {
        match self {
            Self::Authorization(_) => Some(&header::AUTHORIZATION),
            Self::Header(name) => Some(name),
            Self::Cookie(_) => Some(&header::COOKIE),
            Self::WebSocketProtocol => Some(&header::SEC_WEBSOCKET_PROTOCOL),
            Self::Query(_) => None,
        }
    }
}

impl PartialEq for Place {
    /// Schemes are compared without case (RFC 9110 §11.1), so that two spellings are one place.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Authorization(scheme), Self::Authorization(other)) => {
                scheme.eq_ignore_ascii_case(other)
            }
            (Self::Header(name), Self::Header(other)) => name == other,
            (Self::Cookie(name), Self::Cookie(other)) | (Self::Query(name), Self::Query(other)) => {
                name == other
            }
            (Self::WebSocketProtocol, Self::WebSocketProtocol) => true,
            _ => false,
        }
    }
}

impl Eq for Place {}
