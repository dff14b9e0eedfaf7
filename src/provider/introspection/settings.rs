//! The requirements for answers, and the limits of their grants.

use std::time::Duration;

use super::{answer::ActiveTokenRules, provider::IntrospectionAuth};
use crate::{
    context::ClaimPath,
    error::ConfigError,
    jose::{ClaimValue, requirement::Requirement},
    provider::opaque::OpaqueSettings,
};

impl IntrospectionAuth {
    /// Requires the token's `aud` to be this audience, or a list that holds it.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.with_audiences([audience])
    }

    /// Requires the token's `aud` to be one of these audiences, or a list that holds one; with an
    /// empty list, `aud` is not checked.
    #[must_use]
    pub fn with_audiences<S: Into<String>>(self, audiences: impl IntoIterator<Item = S>) -> Self {
        let audiences = audiences.into_iter().map(|one| one.into().into()).collect();
        self.with_rules(|rules| rules.audiences = audiences)
    }

    /// Accepts one more audience, in addition to the audiences that were set before.
    #[must_use]
    pub fn add_audience(self, audience: impl Into<String>) -> Self {
        let audience = audience.into().into();
        self.with_rules(|rules| rules.audiences.push(audience))
    }

    /// Requires a member of the answer to be there and to be equal to a string, flag or integer, in
    /// addition to the members that were required before.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::IntrospectionAuth;
    ///
    /// let tokens = IntrospectionAuth::new("https://issuer.example/introspect", "my-agent", "…")?
    ///     .require_claim("tenant", "acme")
    ///     .require_scope("graph:invoke");
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn require_claim(self, claim: impl Into<ClaimPath>, value: impl Into<ClaimValue>) -> Self {
        let (claim, value) = (claim.into(), value.into());
        self.with_rules(|rules| rules.required_claims.push(Requirement { claim, value }))
    }

    /// Requires a scope of every token, in addition to those that were required before. A token without it
    /// is answered with 403 `insufficient_scope`.
    ///
    /// For the scopes of single routes, see [`RequireScopes`](crate::authorize::RequireScopes).
    #[must_use]
    pub fn require_scope(self, scope: impl Into<String>) -> Self {
        let scope = scope.into().into();
        self.with_rules(|rules| rules.required_scopes.push(scope))
    }

    /// Requires the token's `iss` to be this issuer, compared byte for byte.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into().into();
        self.with_rules(|rules| rules.issuer = Some(issuer))
    }

    /// Replaces the member that holds the scopes, `scope` unless set.
    ///
    /// Whatever its name, it may be a string with spaces between the scopes or an array of strings.
    /// It may stand inside other members: see [`ClaimPath`].
    #[must_use]
    pub fn with_scope_claim(self, claim: impl Into<ClaimPath>) -> Self {
        let claim = claim.into();
        self.with_rules(|rules| rules.scope_claim = claim)
    }

    /// Replaces the member that holds the user id, `sub` unless set; it may stand inside others
    /// (see [`ClaimPath`]).
    ///
    /// It may be a non-empty string, or an integer without fraction and exponent. An `email` counts
    /// only where `email_verified` beside it is `true`.
    ///
    /// # Security
    ///
    /// `username` is a name for display: only the issuer knows whether it can pass to another user.
    #[must_use]
    pub fn with_user_id_claim(self, claim: impl Into<ClaimPath>) -> Self {
        self.with_user_id_claims([claim])
    }

    /// Replaces the members that hold the user id, in the order in which they are looked for; unless
    /// set, or with none, it is `sub` alone.
    ///
    /// The first member that is present decides. The name of any member but the first of the list
    /// becomes part of the [`principal`](crate::AuthContext::principal).
    ///
    /// # Security
    ///
    /// `username` is a name for display: only the issuer knows whether it can pass to another user.
    #[must_use]
    pub fn with_user_id_claims<P: Into<ClaimPath>>(
        self,
        claims: impl IntoIterator<Item = P>,
    ) -> Self {
        self.with_rules(|rules| rules.user_id = std::mem::take(&mut rules.user_id).with(claims))
    }

    /// Accepts an `email` as user id even if the answer does not say that it was verified.
    ///
    /// # Security
    ///
    /// Where users can write any address into their account, every user can pose as any other.
    #[must_use]
    pub fn insecure_unverified_email(self) -> Self {
        let accept = |rules: &mut ActiveTokenRules| {
            rules.user_id = std::mem::take(&mut rules.user_id).accept_unverified_email();
        };
        self.with_rules(accept)
    }

    /// Accepts tokens that are bound to a key (`cnf`: RFC 9449, RFC 8705) without a proof that the
    /// caller has that key.
    ///
    /// # Security
    ///
    /// The binding then has no effect here: a stolen token can be used.
    #[must_use]
    pub fn insecure_ignore_confirmation(self) -> Self {
        self.with_rules(|rules| rules.ignores_confirmation = true)
    }

    /// Sends the client id and secret in the form (`client_secret_post`, RFC 6749 §2.3.1), for an
    /// endpoint that does not read them from `Authorization`.
    ///
    /// # Errors
    ///
    /// The provider was made by [`bearer`](Self::bearer), so it has no client id and secret.
    pub fn with_client_secret_post(mut self) -> Result<Self, ConfigError> {
        let mut result = Ok(());
        self.opaque =
            self.opaque
                .with_endpoint(|endpoint| match endpoint.client.clone().in_form() {
                    Ok(client) => endpoint.client = client,
                    Err(error) => result = Err(error),
                });
        result.map(|()| self)
    }

    /// Also accepts tokens of clients that act for themselves (RFC 6749 §4.4), where the answer names
    /// no user: the user id is then the `client_id`, and the method `introspection_client`, so that a
    /// client and a user with the same name are never one
    /// [`principal`](crate::AuthContext::principal).
    ///
    /// # Security
    ///
    /// Only for an issuer whose answer has a `sub` or `username` for every token that acts for a
    /// user. Where it leaves both out, all users of a client would be that client.
    #[must_use]
    pub fn accept_clients(self) -> Self {
        self.with_rules(|rules| rules.accepts_clients = true)
    }

    /// Limits the scopes that tokens of this issuer grant. Any other scope of a token is left out of
    /// [`AuthContext::scopes`](crate::AuthContext::scopes). Unless set, a token grants every scope in
    /// the answer; with an empty list, none.
    ///
    /// A scope is compared whole. `partner:*` stands for every scope that begins with `partner:`, and
    /// `*` for every scope.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not grant each other's scopes. The claims keep what
    /// the issuer wrote, so read [`scopes`](crate::AuthContext::scopes) and not the claim.
    #[must_use]
    pub fn with_granted_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with_rules(|rules| rules.grants.set_scopes(scopes))
    }

    /// Limits the roles that tokens of this issuer give. [`by_role`](crate::authorize::by_role) ignores
    /// any other role, whatever claim it reads. Unless set, every role counts; with an empty list, none
    /// does.
    ///
    /// A role is compared whole.
    ///
    /// # Security
    ///
    /// Set it for each of several issuers that may not grant each other's roles. The claims keep what
    /// the issuer wrote: code of your own that reads roles asks
    /// [`AuthContext::may_hold_role`](crate::AuthContext::may_hold_role).
    #[must_use]
    pub fn with_granted_roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        self.with_rules(|rules| rules.grants.set_roles(roles))
    }

    /// Replaces how far the clocks may differ; 30 seconds unless set.
    ///
    /// # Errors
    ///
    /// It is more than 300 seconds.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        let set = |settings: &mut OpaqueSettings| {
            settings.times = settings.times.clone().with_leeway(leeway)?;
            Ok(())
        };
        self.opaque = self.opaque.try_with_setting(set)?;
        Ok(self)
    }
}
