//! The challenges of a refusal: `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3).

use std::{fmt::Write, sync::Arc};

use http::HeaderValue;

use crate::{
    error::{AuthError, AuthErrorKind, ConfigError, ConfigErrorKind},
    request::CredentialSource,
};

/// The schemes that a provider's callers may use, and the realm they are for.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    schemes: Vec<Box<str>>,
}

impl Challenges {
    /// One challenge per distinct scheme, in the order in which the places are read.
    ///
    /// RFC 9110 §15.5.2 wants one with every 401, so a provider that names no place challenges as
    /// `Bearer`.
    pub(crate) fn of(sources: &[CredentialSource]) -> Self {
        let mut schemes: Vec<Box<str>> = Vec::new();
        for scheme in sources.iter().map(CredentialSource::scheme) {
            if !schemes
                .iter()
                .any(|known| known.eq_ignore_ascii_case(scheme))
            {
                schemes.push(scheme.into());
            }
        }
        if schemes.is_empty() {
            schemes.push(BEARER.into());
        }
        Self { schemes }
    }

    /// The header values that go with an error; none with one that no credential would mend.
    pub(crate) fn values(
        &self,
        realm: &Realm,
        error: &AuthError,
    ) -> impl Iterator<Item = HeaderValue> {
        let bearer_error = bearer_error(error.kind());
        let asks = matches!(
            error.kind(),
            AuthErrorKind::MissingCredential | AuthErrorKind::InvalidCredential
        );
        self.schemes.iter().filter_map(move |scheme| {
            let is_bearer = scheme.eq_ignore_ascii_case(BEARER);
            let mut value = format!("{scheme} realm=\"{}\"", realm.name);
            match bearer_error {
                Some(code) if is_bearer => add_error(&mut value, code, error),
                // Other schemes have no `error`, so they are named only where a credential is
                // asked for.
                _ if asks => {}
                _ => return None,
            }
            if is_bearer {
                realm.add_resource(&mut value, error);
            }
            HeaderValue::try_from(value).ok()
        })
    }
}

impl Default for Challenges {
    fn default() -> Self {
        Self::of(&[])
    }
}

/// The `error` of RFC 6750 §3.1; nothing was shown is no error.
fn bearer_error(kind: AuthErrorKind) -> Option<&'static str> {
    match kind {
        AuthErrorKind::InvalidRequest => Some("invalid_request"),
        AuthErrorKind::InvalidCredential => Some("invalid_token"),
        AuthErrorKind::InsufficientScope => Some("insufficient_scope"),
        _ => None,
    }
}

fn add_error(value: &mut String, code: &str, error: &AuthError) {
    value.push_str(", error=\"");
    value.push_str(code);
    value.push_str("\", error_description=\"");
    value.extend(error.message().chars().filter(|&char| is_described(char)));
    value.push('"');
    if let Some(scopes) = shown_scopes(error) {
        value.push_str(", scope=\"");
        value.push_str(&scopes);
        value.push('"');
    }
}

/// The scopes that a refusal names, in its challenge and in its body alike.
pub(super) fn shown_scopes(error: &AuthError) -> Option<String> {
    let scopes = error.scopes()?.chars();
    Some(scopes.filter(|&char| is_described(char)).collect())
}

/// The characters of `error_description` and, with the space between them, of scopes: RFC 6750 §3.
fn is_described(char: char) -> bool {
    matches!(char, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')
}

/// The space that a challenge asks a credential for: its name, as it stands between the quotes of a challenge
/// (RFC 9110 §11.5), and what a protected resource (RFC 9728) says of itself there.
///
/// INVARIANT: all three are of characters that stand between quotes without an escape.
#[derive(Clone, Debug)]
pub(crate) struct Realm {
    name: Arc<str>,
    /// Where the resource's metadata is.
    pub(super) metadata: Option<Arc<str>>,
    /// The scopes that a client asks for at first.
    pub(super) scopes: Option<Arc<str>>,
}

impl Realm {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.is_empty() || !text.chars().all(|char| matches!(char, ' '..='~')) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "the realm is empty or holds a character that no header can carry: use printable \
                 ASCII",
            ));
        }
        let mut quoted = String::with_capacity(text.len());
        for char in text.chars() {
            let escape = if matches!(char, '"' | '\\') { "\\" } else { "" };
            let _infallible = write!(quoted, "{escape}{char}");
        }
        Ok(Self {
            name: quoted.into(),
            metadata: None,
            scopes: None,
        })
    }

    /// The realm of that name, of the same resource.
    pub(crate) fn named(&self, text: &str) -> Result<Self, ConfigError> {
        let Self { name, .. } = Self::parse(text)?;
        Ok(Self {
            name,
            ..self.clone()
        })
    }

    /// Its name, as it was set.
    pub(crate) fn name(&self) -> String {
        let mut chars = self.name.chars();
        let mut unescape = || match chars.next()? {
            '\\' => chars.next(),
            char => Some(char),
        };
        std::iter::from_fn(&mut unescape).collect()
    }

    /// The address of the resource's metadata.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }

    /// Adds the resource to a challenge. An error that names scopes itself has named them there.
    fn add_resource(&self, challenge: &mut String, error: &AuthError) {
        let scopes = self.scopes.as_deref().filter(|_| error.scopes().is_none());
        for (parameter, value) in [("scope", scopes), (METADATA, self.metadata.as_deref())] {
            if let Some(value) = value {
                let _infallible = write!(challenge, ", {parameter}=\"{value}\"");
            }
        }
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self {
            name: "api".into(),
            metadata: None,
            scopes: None,
        }
    }
}

const BEARER: &str = "Bearer";
/// RFC 9728 §5.1.
const METADATA: &str = "resource_metadata";
