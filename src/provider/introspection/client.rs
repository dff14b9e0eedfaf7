//! How we prove to an endpoint who we are.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::{ConfigError, ConfigErrorKind, Secret};

/// The `Authorization` of our own requests.
#[derive(Clone)]
pub(super) struct ClientAuth(HeaderValue);

impl ClientAuth {
    /// RFC 6749 §2.3.1: both are form-encoded first, so that a colon in the id is not the one
    /// between them, and what is not ASCII can be sent at all.
    pub(super) fn basic(id: &str, secret: &Secret) -> Result<Self, ConfigError> {
        not_blank("client id", id)?;
        not_blank("client secret", secret.expose())?;
        let pair: Zeroizing<String> = Zeroizing::new(
            form_urlencoded::byte_serialize(id.as_bytes())
                .chain([":"])
                .chain(form_urlencoded::byte_serialize(secret.expose().as_bytes()))
                .collect(),
        );
        Self::of("Basic", &Zeroizing::new(STANDARD.encode(&*pair)))
    }

    /// RFC 6750 §2.1.
    pub(super) fn bearer(token: &Secret) -> Result<Self, ConfigError> {
        not_blank("token for the introspection endpoint", token.expose())?;
        Self::of("Bearer", token.expose())
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    fn of(scheme: &str, credential: &str) -> Result<Self, ConfigError> {
        let value = Zeroizing::new(format!("{scheme} {credential}"));
        let mut value = HeaderValue::from_str(&value).map_err(|_| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                "the token for the introspection endpoint holds a character that no header can \
                 carry",
            )
        })?;
        // Never indexed by HTTP/2, never printed.
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAuth(…)")
    }
}

fn not_blank(what: &str, text: &str) -> Result<(), ConfigError> {
    if text.trim().is_empty() {
        let message = format!("the {what} is blank: the endpoint answers nobody it does not know");
        return Err(ConfigError::new(ConfigErrorKind::Blank, message));
    }
    Ok(())
}
