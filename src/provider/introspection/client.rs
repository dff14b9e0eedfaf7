//! The credentials with which this service asks an endpoint.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use crate::{
    error::{ConfigError, ConfigErrorKind},
    secret::Secret,
};

/// How this service authenticates to the endpoint.
#[derive(Clone)]
pub(super) enum ClientAuth {
    /// In `Authorization`: `client_secret_basic`, or a token.
    Header {
        value: HeaderValue,
        /// Kept for [`in_form`](Self::in_form); a token has none.
        credentials: Option<ClientCredentials>,
    },
    /// In the form itself: `client_secret_post`.
    Form(ClientCredentials),
}

/// A client's id and its secret.
#[derive(Clone)]
pub(super) struct ClientCredentials {
    id: Box<str>,
    secret: Secret,
}

impl ClientAuth {
    /// An id and a secret in `Authorization` (RFC 6749 §2.3.1). Both are form-encoded first, so that no
    /// colon in the id separates them, and characters beyond ASCII can be sent.
    pub(super) fn basic(id: &str, secret: &Secret) -> Result<Self, ConfigError> {
        not_blank("client id", id)?;
        not_blank("client secret", secret.expose())?;
        let pair: Zeroizing<String> = Zeroizing::new(
            form_urlencoded::byte_serialize(id.as_bytes())
                .chain([":"])
                .chain(form_urlencoded::byte_serialize(secret.expose().as_bytes()))
                .collect(),
        );
        let (id, secret) = (id.into(), secret.clone());
        Ok(Self::Header {
            value: Self::value("Basic", &Zeroizing::new(STANDARD.encode(&*pair)))?,
            credentials: Some(ClientCredentials { id, secret }),
        })
    }

    /// A bearer token in `Authorization` (RFC 6750 §2.1).
    pub(super) fn bearer(token: &Secret) -> Result<Self, ConfigError> {
        not_blank("token for the introspection endpoint", token.expose())?;
        Ok(Self::Header {
            value: Self::value("Bearer", token.expose())?,
            credentials: None,
        })
    }

    /// The id and the secret in the form instead of the header (RFC 6749 §2.3.1).
    pub(super) fn in_form(self) -> Result<Self, ConfigError> {
        match self {
            Self::Header {
                credentials: Some(credentials),
                ..
            }
            | Self::Form(credentials) => Ok(Self::Form(credentials)),
            Self::Header {
                credentials: None, ..
            } => Err(ConfigError::new(
                ConfigErrorKind::Unsupported,
                "client_secret_post sends a client id and a secret, and there is only a token: \
                 use IntrospectionAuth::new",
            )),
        }
    }

    pub(super) fn headers(&self) -> HeaderMap {
        match self {
            Self::Header { value, .. } => {
                HeaderMap::from_iter([(header::AUTHORIZATION, value.clone())])
            }
            Self::Form(_) => HeaderMap::new(),
        }
    }

    /// The members of the form that authenticate this service.
    pub(super) fn members(&self) -> Option<[(&str, &str); 2]> {
        match self {
            Self::Header { .. } => None,
            Self::Form(credentials) => Some([
                ("client_id", &credentials.id),
                ("client_secret", credentials.secret.expose()),
            ]),
        }
    }

    fn value(scheme: &str, credential: &str) -> Result<HeaderValue, ConfigError> {
        let value = Zeroizing::new(format!("{scheme} {credential}"));
        let mut value = HeaderValue::from_str(&value).map_err(|_| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                "the token for the introspection endpoint holds a character that no header can \
                 carry",
            )
        })?;
        // HTTP/2 must not index the value, and `Debug` must not print it.
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAuth(…)")
    }
}

fn not_blank(what: &str, text: &str) -> Result<(), ConfigError> {
    if text.trim().is_empty() {
        let message = format!("the {what} is blank: give the one that the endpoint expects");
        return Err(ConfigError::new(ConfigErrorKind::Blank, message));
    }
    Ok(())
}
