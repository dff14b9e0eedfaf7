//! A rule of a path, as data.

use http::Method;

use super::provider::ProviderDescription;
use crate::access::Access;

/// A rule of a layer: a path, for every method or for one, and who is asked there.
///
/// # Example
///
/// ```
/// use http::Method;
/// use tower_auth::{AuthLayer, describe::AccessDescription, provider::ApiKeyAuth};
///
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).public("/hooks/{source}");
/// let description = layer.describe();
/// let [hooks, health] = description.rules() else { panic!("two rules") };
///
/// assert_eq!((hooks.pattern(), hooks.method()), ("/hooks/{source}", None));
/// assert!(matches!(hooks.access(), AccessDescription::Public));
/// // The layer has this one without being told; a rule for GET covers HEAD.
/// assert_eq!((health.pattern(), health.method()), ("/health", Some(&Method::GET)));
/// assert!(health.is_built_in());
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RuleDescription {
    pattern: String,
    method: Option<Method>,
    access: AccessDescription,
    is_built_in: bool,
}

impl RuleDescription {
    pub(super) fn new(
        pattern: &str,
        method: Option<&Method>,
        access: &Access,
        is_built_in: bool,
    ) -> Self {
        Self {
            pattern: pattern.to_owned(),
            method: method.cloned(),
            access: AccessDescription::of(access),
            is_built_in,
        }
    }

    /// The paths, in axum's syntax.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The method that the rule is for; `None` where it is for every method. GET covers HEAD.
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// Who is asked there.
    pub fn access(&self) -> &AccessDescription {
        &self.access
    }

    /// Whether the layer has the rule without being told: `/health`, and the pages of `dev_docs`.
    pub fn is_built_in(&self) -> bool {
        self.is_built_in
    }
}

/// Who is asked at a path: [`Access`](crate::Access) as data.
///
/// # Example
///
/// ```
/// use http::Method;
/// use tower_auth::{Access, AuthLayer, describe::AccessDescription, provider::ApiKeyAuth};
///
/// let partner = ApiKeyAuth::new(["sk-partner-1"])?.with_source("partner")?;
/// let description = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .access("/hooks/partner", Access::provider(partner))
///     .describe();
/// match description.at(&Method::POST, "/hooks/partner").access() {
///     AccessDescription::Providers(providers) => assert_eq!(providers[0].name(), "api_key"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessDescription {
    /// Nobody is asked.
    Public,
    /// Passes without a credential; a wrong one is refused.
    Optional,
    /// A credential of the layer's providers is required.
    Required,
    /// A credential is required, and these providers judge it instead of the layer's.
    Providers(Vec<ProviderDescription>),
}

impl AccessDescription {
    fn of(access: &Access) -> Self {
        match access {
            Access::Public => Self::Public,
            Access::Optional => Self::Optional,
            Access::Required => Self::Required,
            Access::Provider(provider) => Self::Providers(ProviderDescription::all(&**provider)),
        }
    }
}
