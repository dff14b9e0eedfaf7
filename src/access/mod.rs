//! Rules by path: they say where a credential is needed.

mod filter;
mod pattern;
#[cfg(feature = "webhook")]
mod prefix;
mod route;
mod rules;
mod traversal;

use std::{fmt, sync::Arc};

use http::Method;

#[cfg(feature = "webhook")]
pub(crate) use self::prefix::Prefix;
#[cfg(feature = "axum")]
pub(crate) use self::route::about_parts;
#[cfg(any(feature = "mcp", feature = "webhook"))]
pub(crate) use self::route::original_uri;
#[cfg(feature = "mcp")]
pub(crate) use self::traversal::is_ambiguous;
pub(crate) use self::{
    filter::PathFilter,
    route::{Route, about, edit_uris},
    rules::{Listed, Rules},
};
use crate::provider::{AuthProvider, IntoAuthProvider};

/// The rule of a path: whether a credential is needed there, and which provider checks it.
///
/// # Example
///
/// ```
/// use tower_auth::{Access, AuthLayer, provider::ApiKeyAuth};
///
/// let partner = ApiKeyAuth::new(["sk-partner-1"])?.with_source("partner")?;
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .access("/hooks/partner", Access::provider(partner))
///     .access("/feed", Access::Optional);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Access {
    /// No credential is needed: no provider is asked.
    Public,
    /// Passes without a context if the request has no credential; a wrong credential is refused.
    Optional,
    /// A credential is required. Every path without a rule is required.
    Required,
    /// A credential is required, and this provider judges it instead of the layer's.
    ///
    /// # Security
    ///
    /// Use it for callers of another kind, not for a stricter check. Where a pattern with a parameter
    /// does not count (see [`PathRule`]), the layer's own provider is asked: with `/admin/{*rest}`,
    /// every caller whom that provider accepts reaches `/admin/%2e/users`. To restrict an action to
    /// some callers, put an authorization layer around the routes ([`authorize`](crate::authorize)).
    Provider(Arc<dyn AuthProvider>),
}

impl Access {
    /// A path with a provider of its own.
    pub fn provider<Form>(provider: impl IntoAuthProvider<Form>) -> Self {
        Self::Provider(provider.into_provider())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("Public"),
            Self::Optional => f.write_str("Optional"),
            Self::Required => f.write_str("Required"),
            Self::Provider(provider) => f.debug_tuple("Provider").field(&provider.name()).finish(),
        }
    }
}

/// The paths of a rule: a pattern in axum's syntax, for every method or for one.
///
/// A plain path is exact. `{param}` stands for one segment, and, if axum has chosen a route, only for
/// a segment that is a parameter of the route too; `{*rest}` at the end stands for everything below. A
/// rule for GET covers HEAD; on a path that has rules for some methods, every other method is
/// [`Access::Required`].
///
/// # Security
///
/// A server behind the layer may not read a path byte for byte: a proxy, a Java server or a file
/// server reads `/assets/../admin`, `/assets/%2e%2e/admin` and `/assets/..;/admin` as `/admin`. So a
/// rule with a parameter does not count for a path with an ambiguous segment. Such a segment, decoded
/// until it stops changing, consists of dots up to a `;`, or holds an encoded `/`, `\` or control
/// character, or another spelling of these that some server accepts (overlong UTF-8, a plain `\`,
/// `..%20`, `%u002e`, `;x`, look-alikes of the dot). The request is then [`Access::Required`],
/// whatever the rule says.
///
/// A rule for a path below that of a wider rule closes that path only in the spelling of the rule:
/// with `/{*rest}` public and `/admin` required, a server that decodes reads `/%61dmin` as `/admin`.
/// With such a server behind the layer, open the public paths instead of closing the others.
///
/// # Example
///
/// ```
/// use http::Method;
/// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
///
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .public("/hooks/{source}")
///     .public((Method::GET, "/assets/{*rest}"));
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PathRule {
    method: Option<Method>,
    pattern: String,
}

impl From<&str> for PathRule {
    fn from(pattern: &str) -> Self {
        Self::from(pattern.to_owned())
    }
}

impl From<String> for PathRule {
    fn from(pattern: String) -> Self {
        Self {
            method: None,
            pattern,
        }
    }
}

impl From<(Method, &str)> for PathRule {
    fn from((method, pattern): (Method, &str)) -> Self {
        Self::from((method, pattern.to_owned()))
    }
}

impl From<(Method, String)> for PathRule {
    fn from((method, pattern): (Method, String)) -> Self {
        Self {
            method: Some(method),
            pattern,
        }
    }
}
