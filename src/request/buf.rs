//! An owned request head or message.

use std::fmt;

use http::{Extensions, HeaderMap, Method, Uri};

use super::{AuthRequest, ClientAddress, Credential, CredentialSource, Head, Message, Subject};
use crate::error::AuthError;

/// An owned [`AuthRequest`], for a provider that has to wait.
///
/// # Example
///
/// ```
/// use tower_auth::AuthRequest;
///
/// let request = http::Request::get("/run").header("x-session", "7f").body(()).unwrap();
/// let owned = AuthRequest::from(&request).to_buf();
/// drop(request);
/// assert_eq!(owned.header("x-session"), Some("7f"));
/// ```
///
/// # Example
///
/// ```
/// use tower_auth::AuthRequest;
///
/// let request = http::Request::post("/run").body(()).unwrap();
/// let owned = AuthRequest::from(&request).to_buf();
/// assert_eq!(owned.method(), Some(&http::Method::POST));
/// assert_eq!(owned.uri().unwrap().path(), "/run");
/// assert!(owned.as_message().is_none());
/// assert!(owned.as_request().header("x-session").is_none());
/// ```
#[derive(Clone)]
pub struct AuthRequestBuf {
    subject: Owned,
    max_credential_len: usize,
}

#[derive(Clone)]
enum Owned {
    Http(Box<OwnedHead>),
    Message(Box<Message>),
}

#[derive(Clone)]
struct OwnedHead {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
}

impl AuthRequestBuf {
    pub(super) fn copy(request: &AuthRequest<'_>) -> Self {
        Self {
            subject: match request.subject {
                Subject::Message(message) => Owned::Message(Box::new(message.clone())),
                Subject::Http(head) => Owned::Http(Box::new(OwnedHead {
                    method: head.method.clone(),
                    uri: head.uri.clone(),
                    headers: head.headers.clone(),
                    extensions: head.extensions.clone(),
                })),
            },
            max_credential_len: request.max_credential_len,
        }
    }

    /// The borrowed view, which providers take.
    pub fn as_request(&self) -> AuthRequest<'_> {
        let subject = match &self.subject {
            Owned::Message(message) => Subject::Message(message),
            Owned::Http(head) => Subject::Http(Head {
                method: &head.method,
                uri: &head.uri,
                headers: &head.headers,
                extensions: &head.extensions,
            }),
        };
        AuthRequest {
            subject,
            max_credential_len: self.max_credential_len,
        }
    }

    /// The message, where this is one.
    pub fn as_message(&self) -> Option<&Message> {
        self.as_request().as_message()
    }

    /// The request's method; `None` for a message.
    pub fn method(&self) -> Option<&Method> {
        self.as_request().method()
    }

    /// The request's URI; `None` for a message.
    pub fn uri(&self) -> Option<&Uri> {
        self.as_request().uri()
    }

    /// The request's headers; empty for a message.
    pub fn headers(&self) -> &HeaderMap {
        self.as_request().headers()
    }

    /// The text of a header, as [`AuthRequest::header`] reads it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.as_request().header(name)
    }

    /// Something that an outer layer put into the request's extensions.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.as_request().extension()
    }

    /// The address by which limits count this request, as [`AuthRequest::client_address`] tells it.
    pub fn client_address(&self) -> Option<ClientAddress> {
        self.as_request().client_address()
    }

    /// The credential in one of `sources`, as [`AuthRequest::credential`] reads it.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn credential(
        &self,
        sources: &[CredentialSource],
    ) -> Result<Option<Credential<'_>>, AuthError> {
        self.as_request().credential(sources)
    }
}

impl fmt::Debug for AuthRequestBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_request().fmt(f)
    }
}
