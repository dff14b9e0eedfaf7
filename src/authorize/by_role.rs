//! Permission by role.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use super::{Authorization, Authorizer};
use crate::{
    context::{AuthContext, ClaimPath},
    error::{AuthError, ConfigError, ConfigErrorKind},
};

/// Allows by the caller's roles: a table lists the permissions of each role, space-separated.
///
/// A permission is `resource:action`, `resource:*` for everything with that resource and below it,
/// or `*`. An asterisk between colons stands for one id: `agent:*:invoke` invokes every agent.
///
/// A caller's roles are in the claim `roles` or, without that one, `role`: a string with spaces
/// between the roles, an array with one role in each item, or an object with one role as the name of
/// each member (Zitadel), where the member is an object or `true`; `false` and `null` mean that the
/// caller does not hold the role. Any other value grants nothing, and a role whose name has a space in
/// it is never found in a string.
///
/// # Errors
///
/// The table is empty, names a role twice, has a blank name, or holds a malformed permission.
///
/// # Security
///
/// A role counts whoever writes it into a token. If a chain also accepts tokens of an issuer who may
/// not grant your roles, limit that issuer: `with_granted_roles` of its provider. A role outside that
/// limit is ignored here, in every claim, and even if a later check (`and_then`) adds it: to grant it,
/// the check replaces the limit with [`AuthContext::with_granted_roles`].
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, authorize::{Authorizer, by_role}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let roles = by_role([
///     ("admin", "*"),
///     ("operator", "graph:* config:read"),
/// ])?
/// .with_claim("realm_access.roles");
///
/// let claim = serde_json::json!({ "roles": ["operator"] });
/// let caller = AuthContext::new("ada").with_claim("realm_access", claim);
/// assert!(roles.check(&caller, "graph", "stop").await.is_ok());
/// assert!(roles.check(&caller, "config", "write").await.is_err());
/// # Ok::<(), tower_auth::ConfigError>(())
/// # }).unwrap();
/// ```
pub fn by_role<R: Into<String>, P: AsRef<str>>(
    table: impl IntoIterator<Item = (R, P)>,
) -> Result<ByRole, ConfigError> {
    let mut roles = HashMap::new();
    for (role, permissions) in table {
        let role = role.into();
        if role.trim().is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                "a role has a blank name: name it, or leave its line out",
            ));
        }
        let permissions = Permission::parse_all(&role, permissions.as_ref())?;
        if roles.contains_key(&role) {
            return Err(ConfigError::new(
                ConfigErrorKind::Duplicate,
                format!("the role {role:?} stands in the table twice: make one line of the two"),
            ));
        }
        roles.insert(role, permissions);
    }
    if roles.is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::Empty,
            "the table of roles is empty: name a role and its permissions, or use deny_all()",
        ));
    }
    Ok(ByRole {
        roles: Arc::new(roles),
        claims: Arc::new(["roles".into(), "role".into()]),
    })
}

/// The authorizer that [`by_role`] makes.
#[derive(Clone, Debug)]
pub struct ByRole {
    roles: Arc<HashMap<String, Box<[Permission]>>>,
    claims: Arc<[ClaimPath]>,
}

impl ByRole {
    /// Replaces the claim that holds the roles: a name, or a path such as `realm_access.roles` (see
    /// [`ClaimPath`]).
    #[must_use]
    pub fn with_claim(mut self, claim: impl Into<ClaimPath>) -> Self {
        self.claims = Arc::new([claim.into()]);
        self
    }

    fn judge(&self, caller: &AuthContext, resource: &str, action: &str) -> Result<(), AuthError> {
        let claims = caller.metadata();
        let claim = self.claims.iter().find_map(|path| path.find(claims));
        let Some(claim) = claim else {
            return Err(AuthError::forbidden("no_role"));
        };
        let Some(held) = roles_of(claim) else {
            return Err(AuthError::forbidden("odd_role_claim"));
        };
        let permits = |role: &&str| {
            caller.may_hold_role(role)
                && self.roles.get(*role).is_some_and(|permissions| {
                    permissions
                        .iter()
                        .any(|permission| permission.covers(resource, action))
                })
        };
        held.iter()
            .any(permits)
            .then_some(())
            .ok_or_else(|| AuthError::forbidden("role_lacks_permission"))
    }
}

impl Authorizer for ByRole {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        self.judge(caller, resource, action).into()
    }

    fn name(&self) -> &'static str {
        "by_role"
    }
}

/// The roles in a claim; `None` where one of them is of another type, because its meaning is then
/// unknown.
fn roles_of(claim: &Value) -> Option<Vec<&str>> {
    match claim {
        Value::String(roles) => Some(roles.split(' ').filter(|role| !role.is_empty()).collect()),
        Value::Array(roles) => roles.iter().map(Value::as_str).collect(),
        Value::Object(roles) => {
            let mut held = Vec::new();
            for (role, how) in roles {
                match how {
                    Value::Object(_) | Value::Bool(true) => held.push(role.as_str()),
                    Value::Bool(false) | Value::Null => {}
                    _ => return None,
                }
            }
            Some(held)
        }
        _ => None,
    }
}

/// `*`, or `resource:action` with asterisks for whole segments.
#[derive(Clone, Debug)]
struct Permission(Box<str>);

impl Permission {
    fn parse_all(role: &str, text: &str) -> Result<Box<[Self]>, ConfigError> {
        let permissions = text
            .split(' ')
            .filter(|permission| !permission.is_empty())
            .map(|permission| Self::parse(role, permission))
            .collect::<Result<Box<[_]>, _>>()?;
        if permissions.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                format!(
                    "the role {role:?} has no permission: name one, or leave the role out, it \
                     then grants nothing"
                ),
            ));
        }
        Ok(permissions)
    }

    fn parse(role: &str, text: &str) -> Result<Self, ConfigError> {
        let fault = |why: &str| {
            Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!("the permission {text:?} of the role {role:?} {why}"),
            ))
        };
        if text == "*" {
            return Ok(Self(text.into()));
        }
        if text.starts_with("*:") {
            return fault("begins with an asterisk: name the resource, or write \"*\" for all");
        }
        if !text.contains(':') {
            return fault(&format!(
                "names no action: write \"{text}:*\" for every action, or \"{text}:read\""
            ));
        }
        let is_whole =
            |segment: &str| !segment.is_empty() && (segment == "*" || !segment.contains('*'));
        if !text.split(':').all(is_whole) {
            return fault(
                "has an empty segment, or an asterisk inside one: an asterisk is all that stands \
                 between two colons",
            );
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return fault(
                "holds a character that no resource has: an id in it is written as escape_id \
                 writes it",
            );
        }
        Ok(Self(text.into()))
    }

    /// Compares segment by segment; an asterisk at the end covers all further segments.
    fn covers(&self, resource: &str, action: &str) -> bool {
        let mut asked = resource.split(':').chain([action]);
        let mut granted = self.0.split(':').peekable();
        while let Some(segment) = granted.next() {
            match asked.next() {
                Some(_) if segment == "*" && granted.peek().is_none() => return true,
                Some(_) if segment == "*" => {}
                Some(wanted) if wanted == segment => {}
                _ => return false,
            }
        }
        asked.next().is_none()
    }
}
