//! The setters that both providers of signed tokens have. The macro calls the methods `with_rules`,
//! `with_header_rules` and `with_grants` of the type.

macro_rules! claim_settings {
    ($type:ident) => {
        impl $type {
            /// Replaces the claim that holds the scopes: `scope` unless set.
            ///
            /// Whatever its name (`scp`, `scopes`, `permissions`), it may be a string with spaces
            /// between the scopes or an array of strings. It may stand inside other claims: see
            /// [`ClaimPath`](crate::ClaimPath).
            #[must_use]
            pub fn with_scope_claim(self, claim: impl Into<$crate::ClaimPath>) -> Self {
                self.with_rules(|rules| rules.with_scope_claim(claim))
            }

            /// Replaces the claims that name the user by one: `oid`, `azp`, `client_id`, or one
            /// inside others (see [`ClaimPath`](crate::ClaimPath)).
            ///
            /// The claim may be a non-empty string, or an integer without fraction and exponent. An
            /// `email` counts only where `email_verified` beside it is `true`.
            ///
            /// # Security
            ///
            /// Name only a claim whose value the issuer never gives to a second user, and none that
            /// users may change themselves (`preferred_username`, `upn`, `name`).
            #[must_use]
            pub fn with_user_id_claim(self, claim: impl Into<$crate::ClaimPath>) -> Self {
                self.with_user_id_claims([claim])
            }

            /// Replaces the claims that name the user, in the order in which they are looked for;
            /// unless set, or with none, they are `sub`, `user_id` and `id`.
            ///
            /// The first claim that is present decides; if it cannot be used, the token is refused.
            /// The name of any claim but the first of the list becomes part of the
            /// [`principal`](crate::AuthContext::principal).
            ///
            /// # Security
            ///
            /// Name only claims whose value the issuer never gives to a second user, and none that
            /// users may change themselves (`preferred_username`, `upn`, `name`).
            #[must_use]
            pub fn with_user_id_claims<P: Into<$crate::ClaimPath>>(
                self,
                claims: impl IntoIterator<Item = P>,
            ) -> Self {
                self.with_rules(|rules| rules.with_user_id_claims(claims))
            }

            /// Accepts an `email` as user id even if the token does not say that it was verified.
            ///
            /// # Security
            ///
            /// Where users can write any address into their account, every user can pose as any other.
            #[must_use]
            pub fn insecure_unverified_email(self) -> Self {
                self.with_rules($crate::jose::ClaimRules::insecure_unverified_email)
            }

            /// Names the claim that stands for `aud`, for an issuer whose access tokens have none:
            /// Amazon Cognito writes `client_id`.
            ///
            /// The claim must then hold the audience as `aud` would: a string or an array of
            /// strings, at the top level. A token that has `aud` too must hold it there as well.
            ///
            /// # Security
            ///
            /// A client may hold tokens for other services too. Require that `token_use` is
            /// `access` ([`require_claim`](Self::require_claim)), or a scope of this service
            /// ([`require_scope`](Self::require_scope)): without either, the log warns when the
            /// provider is put into a layer.
            #[must_use]
            pub fn with_audience_claim(self, name: impl Into<String>) -> Self {
                self.with_rules(|rules| rules.with_audience_claim(name))
            }

            /// Requires a claim to be there and to be equal to a string, flag or integer, in addition
            /// to the claims that were required before.
            #[must_use]
            pub fn require_claim(
                self,
                claim: impl Into<$crate::ClaimPath>,
                value: impl Into<$crate::jose::ClaimValue>,
            ) -> Self {
                self.with_rules(|rules| rules.require_claim(claim, value))
            }

            /// Requires a scope of every token, in addition to those that were required before. A token
            /// without it is answered with 403 `insufficient_scope`.
            ///
            /// For the scopes of single routes, see [`RequireScopes`](crate::authorize::RequireScopes).
            #[must_use]
            pub fn require_scope(self, scope: impl Into<String>) -> Self {
                self.with_rules(|rules| rules.require_scope(scope))
            }

            /// Limits the scopes that tokens of this issuer grant. Any other scope in a token is left
            /// out of [`AuthContext::scopes`](crate::AuthContext::scopes). Unless set, a token grants
            /// the scopes that it claims; with an empty list, none.
            ///
            /// A scope is compared whole. `partner:*` stands for every scope that begins with
            /// `partner:`, and `*` for every scope.
            ///
            /// # Security
            ///
            /// Set it for each of several issuers that may not grant each other's scopes: an issuer
            /// can write any scope into its tokens. The claims keep what the issuer wrote, so read
            /// [`scopes`](crate::AuthContext::scopes) and not the claim.
            ///
            /// # Example
            ///
            /// ```
            /// use tower_auth::provider::JwtAuth;
            ///
            /// # let secret = "an example secret of 32 bytes …";
            /// let partners = JwtAuth::hs256(secret)?
            ///     .with_issuer("https://partners.example")
            ///     .with_granted_scopes(["partner:*", "catalog:read"])
            ///     .with_granted_roles(["viewer"]);
            /// # let _ = partners;
            /// # Ok::<(), tower_auth::ConfigError>(())
            /// ```
            #[must_use]
            pub fn with_granted_scopes<S: Into<String>>(
                self,
                scopes: impl IntoIterator<Item = S>,
            ) -> Self {
                self.with_grants(|grants| grants.set_scopes(scopes))
            }

            /// Limits the roles that tokens of this issuer give.
            /// [`by_role`](crate::authorize::by_role) ignores any other role, whatever claim it reads.
            /// Unless set, every role in a token counts; with an empty list, none does.
            ///
            /// A role is compared whole.
            ///
            /// # Security
            ///
            /// Set it for each of several issuers that may not grant each other's roles. The claims
            /// keep what the issuer wrote: code of your own that reads roles asks
            /// [`AuthContext::may_hold_role`](crate::AuthContext::may_hold_role).
            #[must_use]
            pub fn with_granted_roles<S: Into<String>>(
                self,
                roles: impl IntoIterator<Item = S>,
            ) -> Self {
                self.with_grants(|grants| grants.set_roles(roles))
            }

            /// Accepts a further `typ` in the header of a token, beside `JWT`, `at+jwt` and none.
            ///
            /// # Security
            ///
            /// Name only what the issuer puts on access tokens (RFC 8725 §3.11): see
            /// [`HeaderRules::accept_typ`](crate::jose::HeaderRules::accept_typ).
            #[must_use]
            pub fn accept_typ(self, typ: impl Into<String>) -> Self {
                self.with_header_rules(|rules| rules.accept_typ(typ))
            }

            /// Accepts tokens that are bound to a key (`cnf`: RFC 9449, RFC 8705) without a proof
            /// that the caller has that key.
            ///
            /// # Security
            ///
            /// The binding then has no effect here: a stolen token can be used.
            #[must_use]
            pub fn insecure_ignore_confirmation(self) -> Self {
                self.with_rules($crate::jose::ClaimRules::insecure_ignore_confirmation)
            }
        }
    };
}
pub(super) use claim_settings;
