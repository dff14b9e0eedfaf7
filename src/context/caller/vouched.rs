//! Who a caller is: the source that vouches for it, its principal, and the limit of its roles.

use std::sync::Arc;

use super::AuthContext;
use crate::context::Principal;

impl AuthContext {
    /// Replaces the source, the middle member of the [`principal`](Self::principal), and leaves the
    /// issuer as it is.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::AuthContext;
    ///
    /// let staff = AuthContext::new("ada").with_source("staff");
    /// let partner = AuthContext::new("ada").with_source("partners");
    /// assert_ne!(staff.principal(), partner.principal());
    /// ```
    #[must_use]
    pub fn with_source(self, label: impl AsRef<str>) -> Self {
        self.with_label(Some(label.as_ref().into()))
    }

    /// The caller with a label as the source, or with none.
    pub(crate) fn with_label(mut self, label: Option<Arc<str>>) -> Self {
        if self.inner.source != label {
            self.edit().source = label;
        }
        self
    }

    /// Replaces the roles that the caller's claims may give; unless set, any role. With an empty list,
    /// no role counts.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::AuthContext;
    ///
    /// let partner = AuthContext::new("ada")
    ///     .with_claim("roles", vec!["viewer", "admin"])
    ///     .with_granted_roles(["viewer"]);
    /// assert!(partner.may_hold_role("viewer") && !partner.may_hold_role("admin"));
    /// ```
    #[must_use]
    pub fn with_granted_roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        let roles = roles.into_iter().map(|role| role.into().into_boxed_str());
        self.with_role_limit(roles.collect())
    }

    pub(crate) fn with_role_limit(mut self, roles: Arc<[Box<str>]>) -> Self {
        self.edit_rare().role_limit = Some(roles);
        self
    }

    /// The middle member of the [`principal`](Self::principal): the issuer, or else the label of the
    /// provider, if it has one. If the user id is not from the first of its possible claims, the name
    /// of its claim follows (`SOURCE#CLAIM`).
    pub fn source(&self) -> Option<&str> {
        self.inner.source.as_deref().or_else(|| self.issuer())
    }

    /// The full identity: two callers are one only if their principals are equal.
    ///
    /// If the user id is not from the first of its possible claims, the middle member ends in `#` and
    /// the name of the claim: the `user_id` of one user may be the `sub` of another.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::AuthContext;
    ///
    /// let key = AuthContext::new("frontend").with_method("api_key");
    /// let token = AuthContext::new("frontend").with_method("jwt");
    /// assert_ne!(key.principal(), token.principal());
    /// ```
    pub fn principal(&self) -> Principal<'_> {
        Principal::new(self.method(), self.source(), self.user_id())
    }

    /// A number that two callers share if their principals are equal, and by no chance that anybody outside
    /// could try if they are not.
    #[inline]
    pub(crate) fn identity(&self) -> u64 {
        self.inner.identity.of(|| self.principal())
    }

    /// Whether a role in a claim of the caller counts: `with_granted_roles` of the caller's provider
    /// may limit the roles.
    ///
    /// Code that reads roles from a claim asks this for each role. The answer does not say that the
    /// caller has the role.
    pub fn may_hold_role(&self, role: &str) -> bool {
        self.role_limit()
            .is_none_or(|limit| limit.iter().any(|granted| **granted == *role))
    }

    pub(super) fn role_limit(&self) -> Option<&[Box<str>]> {
        let rare = self.inner.rare.as_ref();
        rare.and_then(|rare| rare.role_limit.as_deref())
    }
}
