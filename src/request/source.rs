//! The places in a request where a credential may stand.

use std::borrow::Cow;

use http::{HeaderName, header};

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

#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// A browser sends cookies by itself, also for other sites. With an unsafe method or an
    /// upgrade the request must therefore prove its origin: `Sec-Fetch-Site: same-origin`, or an
    /// `Origin` whose host and port are the request's own. Otherwise it is refused with 403.
    pub fn cookie(name: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Place::Cookie(name.into()))
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
        }
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
