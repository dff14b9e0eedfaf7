//! The source that vouches for a caller, and the roles that count.

use std::sync::Arc;

use super::AuthContext;

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

    /// The caller under a label, or under none.
    pub(crate) fn with_label(mut self, label: Option<Arc<str>>) -> Self {
        if self.0.source != label {
            self.edit().source = label;
        }
        self
    }

    /// Replaces the roles that the caller's claims may give; unless set, any. With an empty list,
    /// none does.
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
    /// provider where it has one, with the claim that the user id is from where that is not the
    /// first of those that may hold it (`SOURCE#CLAIM`).
    pub fn source(&self) -> Option<&str> {
        self.0.source.as_deref().or_else(|| self.issuer())
    }

    /// Whether a role that a claim gives the caller counts: what their provider may grant is limited
    /// by its `with_granted_roles`, if it is.
    ///
    /// Code that reads roles out of a claim by itself asks this of each. It does not tell whether the
    /// caller has the role.
    pub fn may_hold_role(&self, role: &str) -> bool {
        self.role_limit()
            .is_none_or(|limit| limit.iter().any(|granted| **granted == *role))
    }

    fn role_limit(&self) -> Option<&[Box<str>]> {
        let rare = self.0.rare.as_ref();
        rare.and_then(|rare| rare.role_limit.as_deref())
    }

    /// Whether only some roles count.
    #[cfg(feature = "keys")]
    pub(crate) fn has_role_limit(&self) -> bool {
        self.role_limit().is_some()
    }
}
