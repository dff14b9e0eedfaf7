//! What an issuer's tokens may grant at the most.

use super::OAuth2Auth;

impl OAuth2Auth {
    /// Limits the scopes that tokens of this issuer grant: any other that a token claims is left out
    /// of [`AuthContext::scopes`](crate::AuthContext::scopes). Unless set, a token grants what it
    /// claims; with an empty list, nothing.
    ///
    /// A member is compared whole, `partner:*` stands for every scope that begins with `partner:`,
    /// and `*` for every scope.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not hand out each other's scopes: whoever signs
    /// tokens writes what they like there. The claims stay readable as they were written, so ask
    /// [`scopes`](crate::AuthContext::scopes) and not the claim.
    #[must_use]
    pub fn with_granted_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.edit(|settings| settings.grants.set_scopes(scopes))
    }

    /// Limits the roles that tokens of this issuer give: [`by_role`](crate::authorize::by_role) takes
    /// no notice of any other, in whichever claim it looks. Unless set, a role counts whoever writes
    /// it; with an empty list, none does.
    ///
    /// A role is compared whole.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not hand out each other's roles. The claims stay
    /// readable as they were written: code of your own that reads roles asks
    /// [`AuthContext::may_hold_role`](crate::AuthContext::may_hold_role).
    #[must_use]
    pub fn with_granted_roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        self.edit(|settings| settings.grants.set_roles(roles))
    }
}
