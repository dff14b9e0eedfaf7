//! Whose users a provider's callers are, and when two providers would mix theirs up.

use std::sync::Arc;

use super::AuthProvider;
#[cfg(feature = "oauth2")]
use crate::issuer::fetch::Endpoint;
use crate::{
    caught::caught,
    error::{ConfigError, ConfigErrorKind},
};

/// Method and source of the principals that a provider vouches for: within these two, one user id
/// is one user.
///
/// A provider tells its own in [`AuthProvider::principal_sources`]. [`AuthLayer`](crate::AuthLayer)
/// compares those of all its providers when it is built, and refuses two that would vouch for the
/// same principals without meaning the same users.
///
/// # Example
///
/// ```
/// use tower_auth::{
///     AuthContext, AuthRequest,
///     provider::{Authentication, AuthProvider, PrincipalSource},
/// };
///
/// struct Tenants;
///
/// impl AuthProvider for Tenants {
///     fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
///         let caller = request.header("x-tenant").map(|tenant| {
///             AuthContext::new(tenant).with_method("tenants").with_source("eu")
///         });
///         Ok(caller).into()
///     }
///
///     fn principal_sources(&self) -> Vec<PrincipalSource> {
///         vec![PrincipalSource::new("tenants", Some("eu"))]
///     }
/// }
///
/// assert_eq!(Tenants.principal_sources()[0].source(), Some("eu"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalSource {
    method: &'static str,
    source: Option<Arc<str>>,
    /// The claim that the user id is from, where it is from one: the same id means somebody else
    /// in another claim.
    claim: Box<str>,
    authority: Authority,
}

/// Who says that a user id is whose, as far as it is known when a layer is built.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Authority {
    /// Nobody but the provider of that label.
    Label,
    /// Every provider that shares the label.
    Shared,
    /// The issuer or the platform of that name, whoever asks it.
    Issuer,
    /// The endpoint with that digest, whoever asks it.
    #[cfg(feature = "oauth2")]
    Endpoint([u8; 32]),
    /// The value at that address, in whatever clones of a provider: it lives as long as they do.
    Instance(usize),
}

impl PrincipalSource {
    /// Principals that this provider alone vouches for, with the label that it puts on them as
    /// their [`source`](crate::AuthContext::with_source), if it does.
    pub fn new(method: &'static str, label: Option<&str>) -> Self {
        Self::of(method, label.map(Into::into), Authority::Label)
    }

    /// Principals of an issuer or a chat platform that the configuration names: every provider
    /// that names it speaks of the same users.
    pub fn of_issuer(method: &'static str, issuer: impl AsRef<str>) -> Self {
        Self::of(method, Some(issuer.as_ref().into()), Authority::Issuer)
    }

    /// Principals that every provider with this label speaks of.
    pub fn shared(method: &'static str, label: impl AsRef<str>) -> Self {
        Self::of(method, Some(label.as_ref().into()), Authority::Shared)
    }

    /// Principals of whatever clones of a provider hold `instance`.
    pub(crate) fn of_instance<T: ?Sized>(method: &'static str, instance: &T) -> Self {
        Self::of_labelled(method, None, instance)
    }

    /// Principals under a label, or under none, of whatever clones of a provider hold `instance`.
    pub(crate) fn of_labelled<T: ?Sized>(
        method: &'static str,
        label: Option<&Label>,
        instance: &T,
    ) -> Self {
        let authority = match label {
            Some(label) if label.is_shared => Authority::Shared,
            _ => Authority::Instance(std::ptr::from_ref(instance).cast::<()>().addr()),
        };
        Self::of(method, label.map(Label::text), authority)
    }

    /// Principals of the users that an endpoint speaks of, whoever asks it: under a label, or else
    /// under its address as it is shown.
    #[cfg(feature = "oauth2")]
    pub(crate) fn of_endpoint(
        method: &'static str,
        label: Option<&Label>,
        endpoint: &Endpoint,
    ) -> Self {
        let authority = match label {
            Some(label) if label.is_shared => Authority::Shared,
            _ => Authority::Endpoint(endpoint.digest()),
        };
        let source = label.map_or_else(|| endpoint.to_string().into(), Label::text);
        Self::of(method, Some(source), authority)
    }

    /// One source for each of the claims that a user id may be in, in their order.
    #[cfg(feature = "jwt")]
    pub(crate) fn of_claims<'c>(self, claims: impl IntoIterator<Item = &'c str>) -> Vec<Self> {
        let claims = claims.into_iter().enumerate();
        claims
            .map(|(at, claim)| Self {
                source: match at {
                    0 => self.source.clone(),
                    _ => Some(with_claim(self.source.as_deref(), claim)),
                },
                claim: claim.into(),
                ..self.clone()
            })
            .collect()
    }

    /// The source with another method.
    #[cfg(feature = "oauth2")]
    pub(crate) fn with_method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn of(method: &'static str, source: Option<Arc<str>>, authority: Authority) -> Self {
        Self {
            method,
            source,
            claim: Box::default(),
            authority,
        }
    }

    /// How the callers are authenticated.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The issuer, platform or label that the principals bear.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Whether one principal would be two users.
    fn mixes_up_with(&self, other: &Self) -> bool {
        let same_users = match (&self.authority, &other.authority) {
            (Authority::Label, _) | (_, Authority::Label) => false,
            (Authority::Shared, Authority::Shared) => true,
            (one, another) => one == another && self.claim == other.claim,
        };
        self.method == other.method && self.source == other.source && !same_users
    }

    fn conflict(&self, other: &Self) -> ConfigError {
        let method = self.method;
        let place = match &self.source {
            Some(source) => format!("the source {source:?}"),
            None => "no source of their own".to_owned(),
        };
        let message = if self.claim == other.claim || is_one_shared(self, other) {
            format!(
                "two providers of the method `{method}` have {place}: a user id of one would be the \
                 same caller as that user id of the other. Give each a label of its own, \
                 `with_source(\"partners\")`, or a provider of your own a name; where both speak \
                 of the same users, give them one label, `with_shared_source(\"keys\")`"
            )
        } else {
            format!(
                "two providers of the method `{method}` have {place} and take the user id from \
                 different claims, `{}` and `{}`: one id would be two users. Name the same claim \
                 first in both (`with_user_id_claims`), or give each a label of its own \
                 (`with_source`) where it has no issuer",
                self.claim, other.claim
            )
        };
        ConfigError::new(ConfigErrorKind::Conflict, message)
    }
}

fn is_one_shared(one: &PrincipalSource, other: &PrincipalSource) -> bool {
    one.authority == Authority::Shared || other.authority == Authority::Shared
}

/// The principals that a layer's providers vouch for, so far as they have been compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct PrincipalSources(Vec<PrincipalSource>);

impl PrincipalSources {
    /// Adds a provider's, unless it would mix up its users with another's.
    pub(crate) fn add(&mut self, provider: &dyn AuthProvider) -> Result<(), ConfigError> {
        // A provider that panics here is a 503 at each of its requests, and vouches for nobody.
        let sources = caught(|| provider.principal_sources()).unwrap_or_default();
        for source in sources {
            if let Some(other) = self.0.iter().find(|other| source.mixes_up_with(other)) {
                return Err(source.conflict(other));
            }
            if !self.0.contains(&source) {
                self.0.push(source);
            }
        }
        Ok(())
    }
}

/// What a provider calls whatever vouches for its callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    text: Arc<str>,
    is_shared: bool,
}

impl Label {
    /// A label that is one provider's alone.
    pub(crate) fn own(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::parse(text.into(), false)
    }

    /// A label that says that every provider which shares it speaks of the same users.
    pub(crate) fn shared(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::parse(text.into(), true)
    }

    fn parse(text: String, is_shared: bool) -> Result<Self, ConfigError> {
        let fault = |kind, why: &str| {
            Err(ConfigError::new(
                kind,
                format!("the label of a source, {text:?}, {why}"),
            ))
        };
        if text.trim().is_empty() {
            return fault(
                ConfigErrorKind::Blank,
                "is blank: write a short name, such as \"partners\"",
            );
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return fault(
                ConfigErrorKind::Malformed,
                "begins or ends with white space or holds a control character: write the name \
                 alone",
            );
        }
        // Behind it stands the claim that a user id is from.
        if text.contains('#') {
            return fault(
                ConfigErrorKind::Malformed,
                "holds a `#`, which no label may: leave it out",
            );
        }
        Ok(Self {
            text: text.into(),
            is_shared,
        })
    }

    pub(crate) fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

/// Who vouches for the callers of a provider of tokens: an issuer, or else what a label says.
#[cfg(feature = "jwt")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voucher<'a> {
    pub(crate) issuer: Option<&'a str>,
    pub(crate) label: Option<&'a Label>,
}

#[cfg(feature = "jwt")]
impl Voucher<'_> {
    /// What the callers bear as their source, where that is not their issuer.
    pub(crate) fn source(self, claim: &str, is_first: bool) -> Option<Arc<str>> {
        let label = self.label.map(Label::text);
        if is_first {
            return label.filter(|_| self.issuer.is_none());
        }
        Some(with_claim(self.issuer.or(label.as_deref()), claim))
    }

    /// The principals that a provider vouches for whose user ids may be in those claims, in this
    /// order; `instance` is what its clones have in common.
    pub(crate) fn principal_sources<'c, T: ?Sized>(
        self,
        method: &'static str,
        claims: impl IntoIterator<Item = &'c str>,
        instance: &T,
    ) -> Vec<PrincipalSource> {
        let source = match self.issuer {
            Some(issuer) => PrincipalSource::of_issuer(method, issuer),
            None => PrincipalSource::of_labelled(method, self.label, instance),
        };
        source.of_claims(claims)
    }
}

/// `SOURCE#CLAIM`: the source of a user id that is not from the first of the claims that may hold
/// it. Whoever may write one claim must not become who is named in another.
#[cfg(feature = "jwt")]
fn with_claim(source: Option<&str>, claim: &str) -> Arc<str> {
    format!("{}#{claim}", source.unwrap_or_default()).into()
}
