//! The subject of a provider's check: a request's head, or a chat-platform message.

mod address;
mod buf;
mod credential;
#[cfg(feature = "mcp")]
mod listed_origin;
mod message;
mod origin;
mod source;

use std::{borrow::Cow, fmt, sync::LazyLock};

use http::{Extensions, HeaderMap, Method, Uri, request::Parts};

#[cfg(feature = "mcp")]
pub(crate) use self::origin::Origin;
pub use self::{
    address::ClientAddress, buf::AuthRequestBuf, credential::Credential, message::Message,
    source::CredentialSource,
};
pub(crate) use self::{
    credential::{
        cookie_named, cookies, is_query_name, names_scheme, shown_in_two_places, websocket_items,
        websocket_offers,
    },
    source::{Place, Rank},
};
use crate::error::AuthError;

/// A borrowed view of what a provider judges: the head of an HTTP request, or a [`Message`].
///
/// # Example
///
/// ```
/// use tower_auth::{AuthRequest, Message};
///
/// let request = http::Request::get("/run").header("x-session", "7f").body(()).unwrap();
/// assert_eq!(AuthRequest::from(&request).header("x-session"), Some("7f"));
///
/// let message = Message::new("telegram").with_user_id(42);
/// assert_eq!(AuthRequest::message(&message).header("x-session"), None);
/// ```
///
/// The parts of an HTTP request:
///
/// ```
/// use tower_auth::AuthRequest;
///
/// let request = http::Request::post("/run").body(()).unwrap();
/// let view = AuthRequest::from(&request);
/// assert_eq!(view.method(), Some(&http::Method::POST));
/// assert_eq!(view.uri().unwrap().path(), "/run");
/// assert!(view.as_message().is_none());
/// ```
#[derive(Clone, Copy)]
pub struct AuthRequest<'a> {
    subject: Subject<'a>,
    max_credential_len: usize,
}

#[derive(Clone, Copy)]
enum Subject<'a> {
    Http(Head<'a>),
    Message(&'a Message),
}

#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
}

impl<'a> AuthRequest<'a> {
    /// A view of a chat-platform message.
    pub fn message(message: &'a Message) -> Self {
        Self::new(Subject::Message(message))
    }

    fn new(subject: Subject<'a>) -> Self {
        Self {
            subject,
            max_credential_len: DEFAULT_MAX_CREDENTIAL_LEN,
        }
    }

    pub(crate) fn with_max_credential_len(mut self, bytes: usize) -> Self {
        self.max_credential_len = bytes;
        self
    }

    /// The message, where this is one.
    pub fn as_message(&self) -> Option<&'a Message> {
        match self.subject {
            Subject::Message(message) => Some(message),
            Subject::Http(_) => None,
        }
    }

    pub(crate) fn head(&self) -> Option<Head<'a>> {
        match self.subject {
            Subject::Http(head) => Some(head),
            Subject::Message(_) => None,
        }
    }

    /// The request's method; `None` for a message.
    pub fn method(&self) -> Option<&'a Method> {
        self.head().map(|head| head.method)
    }

    /// The request's URI as this layer sees it; `None` for a message.
    pub fn uri(&self) -> Option<&'a Uri> {
        self.head().map(|head| head.uri)
    }

    /// The request's headers; empty for a message.
    pub fn headers(&self) -> &'a HeaderMap {
        static EMPTY: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        match self.subject {
            Subject::Http(head) => head.headers,
            Subject::Message(_) => &EMPTY,
        }
    }

    /// The text of a header.
    ///
    /// `None` where the header is absent, is not UTF-8, or stands there twice: whoever picked one
    /// of two might pick another one than the handler does.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers().get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => std::str::from_utf8(value.as_bytes()).ok(),
            _ => None,
        }
    }

    /// A value that an outer layer put into the request's extensions.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&'a T> {
        self.head().and_then(|head| head.extensions.get())
    }

    /// The address by which limits count this request: the one that an outer layer put into the
    /// extensions as a [`ClientAddress`], else the peer of the connection.
    ///
    /// The peer is known where axum serves with `into_make_service_with_connect_info::<SocketAddr>()`
    /// (feature `axum`). `None` where nobody says, over a Unix socket, and for a message.
    pub fn client_address(&self) -> Option<ClientAddress> {
        self.head()
            .and_then(|head| ClientAddress::of(head.extensions))
    }

    /// The credential that stands in one of `sources`; `None` where none shows one.
    ///
    /// # Errors
    ///
    /// 400 `invalid_request` where one place shows it twice, two places show one, or it is too
    /// long (8 KiB unless the layer says otherwise); 403 where a cookie came with an unsafe method
    /// or an upgrade from another origin.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthRequest, CredentialSource};
    ///
    /// let request = http::Request::get("/").header("authorization", "bearer t0ken").body(()).unwrap();
    /// let shown = AuthRequest::from(&request).credential(&[CredentialSource::bearer()])?;
    /// assert_eq!(shown.unwrap().as_str(), Some("t0ken"));
    /// # Ok::<(), tower_auth::AuthError>(())
    /// ```
    pub fn credential(
        &self,
        sources: &[CredentialSource],
    ) -> Result<Option<Credential<'a>>, AuthError> {
        match self.subject {
            Subject::Http(head) => credential::read(head, sources, self.max_credential_len),
            Subject::Message(_) => Ok(None),
        }
    }

    /// The credential in one place, if the place can be read in one way only.
    pub(crate) fn look(&self, place: &Place) -> Result<Option<Cow<'a, [u8]>>, AuthError> {
        match self.subject {
            Subject::Http(head) => credential::find(head, place, self.max_credential_len),
            Subject::Message(_) => Ok(None),
        }
    }

    /// An owned copy, for a provider that has to wait.
    pub fn to_buf(&self) -> AuthRequestBuf {
        AuthRequestBuf::copy(self)
    }
}

impl<'a, B> From<&'a http::Request<B>> for AuthRequest<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        Self::new(Subject::Http(Head {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }))
    }
}

impl<'a> From<&'a Parts> for AuthRequest<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self::new(Subject::Http(Head {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            extensions: &parts.extensions,
        }))
    }
}

impl fmt::Debug for AuthRequest<'_> {
    /// Shows no header, no query: they hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Message(message) => f.debug_tuple("AuthRequest").field(message).finish(),
            Subject::Http(head) => f
                .debug_struct("AuthRequest")
                .field("method", head.method)
                .field("path", &head.uri.path())
                .finish_non_exhaustive(),
        }
    }
}

/// The longest credential that is looked at unless a layer is told otherwise.
pub(crate) const DEFAULT_MAX_CREDENTIAL_LEN: usize = 8 * 1024;
