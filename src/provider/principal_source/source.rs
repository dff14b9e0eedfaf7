//! The principal source of a provider.

use std::sync::Arc;

use super::SourceLabel;
use crate::error::{ConfigError, ConfigErrorKind};

/// Method and source of the principals that a provider accepts: within these two, one user id is one
/// user.
///
/// A provider returns its sources from
/// [`AuthProvider::principal_sources`](crate::provider::AuthProvider::principal_sources).
/// [`AuthLayer`](crate::AuthLayer) compares the sources of all its providers when it is built, and
/// refuses two providers whose principals could be equal and mean different users.
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
///
/// For the users of an issuer, and for users that several providers share:
///
/// ```
/// use tower_auth::provider::PrincipalSource;
///
/// let of_issuer = PrincipalSource::of_issuer("oauth2", "https://issuer.example");
/// let shared = PrincipalSource::shared("api_key", "keys");
/// assert_eq!((of_issuer.method(), shared.source()), ("oauth2", Some("keys")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalSource {
    pub(super) method: &'static str,
    pub(super) source: Option<Arc<str>>,
    /// The claim that the user id is from, or an empty text: an id in one claim may be another user
    /// than the same id in another claim.
    pub(super) claim: Box<str>,
    pub(super) authority: Authority,
    /// Whether tokens are accepted that may be for another service.
    pub(super) takes_any_audience: bool,
}

/// The authority that says which user a user id means, as far as it is known when a layer is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    /// The provider with the label, and no other.
    Label,
    /// Every provider with the label.
    Shared,
    /// The issuer or the platform that the source names, whichever provider asks it.
    Issuer,
    /// A value with these bytes as its identity: the digest of an endpoint's address, or the address
    /// in memory of a value that all clones of a provider share.
    Value(Box<[u8]>),
}

impl PrincipalSource {
    /// Principals of this provider alone, with the label that it gives them as their
    /// [`source`](crate::AuthContext::with_source), if it does.
    pub fn new(method: &'static str, label: Option<&str>) -> Self {
        Self::of(method, label.map(Into::into), Authority::Label)
    }

    /// Principals of an issuer or a chat platform that the configuration names: every provider of that
    /// issuer speaks of the same users.
    pub fn of_issuer(method: &'static str, issuer: impl AsRef<str>) -> Self {
        Self::of(method, Some(issuer.as_ref().into()), Authority::Issuer)
    }

    /// Principals of all providers with this label, which speak of the same users.
    pub fn shared(method: &'static str, label: impl AsRef<str>) -> Self {
        Self::of(method, Some(label.as_ref().into()), Authority::Shared)
    }

    /// Principals of the clones of one provider, which have `instance` in common.
    pub(crate) fn of_instance<T: ?Sized>(method: &'static str, instance: &T) -> Self {
        Self::of_labelled(method, None, instance)
    }

    /// Principals of the clones of one provider, which have `instance` in common, with a label as their
    /// source or with none.
    pub(crate) fn of_labelled<T: ?Sized>(
        method: &'static str,
        label: Option<&SourceLabel>,
        instance: &T,
    ) -> Self {
        let authority = match label {
            Some(label) if label.is_shared() => Authority::Shared,
            // It lives as long as the clones do, so no other value has its address.
            _ => {
                let address = std::ptr::from_ref(instance).cast::<()>().addr();
                Authority::Value(address.to_ne_bytes().into())
            }
        };
        Self::of(method, label.map(SourceLabel::text), authority)
    }

    pub(super) fn of(method: &'static str, source: Option<Arc<str>>, authority: Authority) -> Self {
        Self {
            method,
            source,
            claim: Box::default(),
            authority,
            takes_any_audience: false,
        }
    }

    /// How the callers are authenticated.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The issuer, platform or label of the principals.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The source as a program sets it, without the claim that a user id is from; none where there is
    /// nothing else.
    pub(crate) fn without_claim(&self) -> Option<&str> {
        let source = self.source.as_deref()?;
        let named = source
            .strip_suffix(&*self.claim)
            .and_then(|rest| rest.strip_suffix('#'))
            .unwrap_or(source);
        (!named.is_empty()).then_some(named)
    }

    /// Whether one principal would be two users, one of this source and one of the other.
    pub(super) fn mixes_up_with(&self, other: &Self) -> bool {
        let same_users = match (&self.authority, &other.authority) {
            (Authority::Label, _) | (_, Authority::Label) => false,
            (Authority::Shared, Authority::Shared) => true,
            (one, another) => one == another && self.claim == other.claim,
        };
        self.method == other.method && self.source == other.source && !same_users
    }

    /// The error for two sources that would mix up their users.
    pub(super) fn conflict(&self, other: &Self) -> ConfigError {
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
