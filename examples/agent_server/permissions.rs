//! What callers may do.

use tower_auth::{
    ConfigError,
    authorize::{AuthorizeLayer, RequireScopes, any_of, by_role},
};

/// For callers who may run the agent.
pub(crate) fn may_invoke() -> Result<RequireScopes, ConfigError> {
    RequireScopes::all([INVOKE])
}

/// For callers who have the role of an administrator.
///
/// Issuers name roles in different claims; a key's stand in its record.
pub(crate) fn may_read_stats() -> Result<AuthorizeLayer, ConfigError> {
    let roles = by_role([(ADMIN, "stats:read")])?;
    let realm_roles = roles.clone().with_claim("realm_access.roles");
    AuthorizeLayer::new(any_of(roles).or(realm_roles), "stats", "read")
}

pub(crate) const INVOKE: &str = "agents:invoke";
pub(crate) const ADMIN: &str = "admin";
