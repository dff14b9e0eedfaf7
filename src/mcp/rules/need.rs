//! What a caller needs.

use std::{fmt, sync::Arc};

use crate::{
    authorize::{Authorizer, IntoAuthorizer},
    error::ConfigError,
    mcp::resource::online_scopes,
    scope::IntoScopes,
};

/// What a caller needs for something: nothing more than to be known, scopes, or the permission of an authorizer.
///
/// # Example
///
/// ```
/// use tower_auth::{authorize::by_role, mcp::McpNeed};
///
/// let any_caller = McpNeed::caller();
/// let scoped = McpNeed::scopes(["agents:read", "agents:deploy"])?; // both
/// let operators = McpNeed::permission(by_role([("operator", "tool:restart:call")])?);
/// # let _ = (any_caller, scoped, operators);
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct McpNeed(pub(super) Need);

#[derive(Clone)]
pub(in crate::mcp) enum Need {
    Caller,
    Scopes(Arc<[Box<str>]>),
    Permission(Arc<dyn Authorizer>),
}

impl McpNeed {
    /// Every caller may.
    pub fn caller() -> Self {
        Self(Need::Caller)
    }

    /// A caller with all of these scopes may; a text with spaces counts as several.
    ///
    /// # Errors
    ///
    /// The list is empty, or a scope is malformed or `offline_access`.
    pub fn scopes<Form>(scopes: impl IntoScopes<Form>) -> Result<Self, ConfigError> {
        let scopes = online_scopes(&scopes.into_scopes())?;
        Ok(Self(Need::Scopes(scopes.into())))
    }

    /// A caller may whom this authorizer allows it.
    ///
    /// It is asked about the resource `tool:NAME` and the action `call`, `resource:URI` and `read`, `prompt:NAME`
    /// and `get`, or `method:NAME` and `call`. Names are written as
    /// [`escape_id`](crate::authorize::escape_id) does.
    pub fn permission<Form>(authorizer: impl IntoAuthorizer<Form>) -> Self {
        Self(Need::Permission(authorizer.into_authorizer()))
    }
}

impl fmt::Debug for McpNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller => f.write_str("Caller"),
            Self::Scopes(scopes) => f.debug_tuple("Scopes").field(scopes).finish(),
            Self::Permission(authorizer) => f
                .debug_tuple("Permission")
                .field(&authorizer.name())
                .finish(),
        }
    }
}
