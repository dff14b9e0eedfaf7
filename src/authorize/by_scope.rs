//! Permission by scope.

use super::{Authorization, Authorizer};
use crate::{
    context::AuthContext,
    error::{AuthError, ConfigError, ConfigErrorKind},
    scope::Scopes,
};

/// Allows a caller who holds the scope `resource:action`, such as `graph:invoke`.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, authorize::{Authorizer, by_scope}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let caller = AuthContext::new("ada").with_scopes(["agent:7:invoke", "graph"]);
/// assert!(by_scope().check(&caller, "agent:7", "invoke").await.is_ok());
/// assert!(by_scope().check(&caller, "graph", "invoke").await.is_err());
/// assert!(by_scope().hierarchical().check(&caller, "graph", "invoke").await.is_ok());
/// # });
/// ```
pub fn by_scope() -> ByScope {
    ByScope {
        hierarchical: false,
    }
}

/// The authorizer that [`by_scope`] makes.
#[derive(Clone, Debug)]
pub struct ByScope {
    hierarchical: bool,
}

impl ByScope {
    /// Lets a scope stand for the scopes below it, as
    /// [`RequireScopes::hierarchical`](super::RequireScopes::hierarchical) does: `agent` and `agent:*`
    /// for `agent:7:invoke`.
    #[must_use]
    pub fn hierarchical(mut self) -> Self {
        self.hierarchical = true;
        self
    }
}

impl Authorizer for ByScope {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        let wanted = [resource, action].join(":");
        holds(caller.scopes(), &wanted, self.hierarchical)
            .then_some(())
            .ok_or_else(|| AuthError::insufficient_scope(wanted))
            .into()
    }

    fn name(&self) -> &'static str {
        "by_scope"
    }
}
/// Whether the caller holds a scope.
pub(crate) fn holds(held: &Scopes, wanted: &str, hierarchical: bool) -> bool {
    if held.is_all() {
        return true;
    }
    // A `*` in a token is no scope, even if `*` itself is required.
    let is_above = |held: &str| held != "*" && is_below(wanted, held);
    (wanted != "*" && held.names(wanted)) || (hierarchical && held.iter().any(is_above))
}

/// Whether a scope is below another one: level by level, never by a prefix of the text.
fn is_below(scope: &str, above: &str) -> bool {
    let above = above.strip_suffix(":*").unwrap_or(above);
    scope
        .strip_prefix(above)
        .is_some_and(|below| below.starts_with(':'))
}

/// The scopes that a check requires, from texts in which spaces stand between scopes.
pub(crate) fn required_scopes(texts: &[Box<str>]) -> Result<Vec<Box<str>>, ConfigError> {
    let mut wanted: Vec<Box<str>> = Vec::new();
    for text in texts {
        let before = wanted.len();
        for scope in words(text) {
            check_scope(scope)?;
            wanted.push(scope.into());
        }
        if wanted.len() == before {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                "a required scope is blank: name it, or leave it out of the list",
            ));
        }
    }
    if wanted.is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::Empty,
            "no scope is required: name at least one, or leave the layer out if any caller may pass",
        ));
    }
    Ok(wanted)
}

pub(super) fn words(scopes: &str) -> impl Iterator<Item = &str> {
    scopes.split(' ').filter(|scope| !scope.is_empty())
}

/// RFC 6749 §3.3; a challenge cannot name any other scope.
fn check_scope(scope: &str) -> Result<(), ConfigError> {
    let is_allowed = |char| matches!(char, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    if scope.chars().all(is_allowed) {
        return Ok(());
    }
    Err(ConfigError::new(
        ConfigErrorKind::Malformed,
        format!(
            "the scope {scope:?} holds a character that no scope has: use printable ASCII \
             without quotes and backslashes, and separate scopes by one space"
        ),
    ))
}
