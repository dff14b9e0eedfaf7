//! Who may revoke what [12.2], [13.1]: an administrator their own credentials, and with `keys:admin` all.

use super::{KeyAdminError, Revocation, RevokedTokens, Whose, valid};
use crate::context::AuthContext;

impl Revocation {
    /// Requires a reason of the right form.
    pub(crate) fn check_reason(&self) -> Result<(), KeyAdminError> {
        valid::reason(self.reason())
    }

    /// The revocation as one of the caller's own: of their own token, or of their own principal in their
    /// own tenant. It is kept no longer than it has to be, whatever they ask for.
    fn of_their_own(mut self, caller: &AuthContext) -> Result<Self, KeyAdminError> {
        self.until = None;
        if let Some((issuer, id)) = self.of_token() {
            let own = (caller.token_issuer(), caller.token_id());
            return match own == (issuer, Some(id)) {
                // Another provider without an issuer may have given that id to somebody else's token.
                true => Ok(match caller.expires_at() {
                    Some(exp) => self.until(exp).of_method(caller.method()),
                    None => self.of_method(caller.method()),
                }),
                false => Err(KeyAdminError::Forbidden(
                    "the token is not the one of this request: that needs keys:admin",
                )),
            };
        }
        let Some((who, tenant)) = self.of_everything() else {
            return Ok(self);
        };
        let Whose::Principal(who) = who else {
            return Err(KeyAdminError::Forbidden(
                "a user may be known to several providers: write your own principal, or that needs \
                 keys:admin",
            ));
        };
        if *who != caller.principal() {
            return Err(KeyAdminError::Forbidden(
                "the principal is somebody else: that needs keys:admin",
            ));
        }
        let own = caller.claim::<String>("tenant");
        let own = own.map_err(|_| KeyAdminError::Forbidden("your own tenant is not a text"))?;
        match tenant {
            Some(tenant) if tenant != own.as_deref() => Err(KeyAdminError::Forbidden(
                "the tenant is not yours: that needs keys:admin",
            )),
            _ => Ok(self.in_tenant(own.as_deref())),
        }
    }
}

impl RevokedTokens {
    /// Whether it is about what is the caller's own. Whoever has ended may end more of that: it gives nobody anything,
    /// and takes nothing from others.
    pub(crate) fn is_of(&self, caller: &AuthContext) -> bool {
        self.revocation.clone().of_their_own(caller).is_ok()
    }

    /// What a caller with `keys:write` may revoke: with `keys:admin` everything, without it what is their
    /// own. A tenth of the places stays for the former, so that nobody fills all of them with own tokens.
    ///
    /// # Errors
    ///
    /// It is about somebody else.
    pub(crate) fn within(
        mut self,
        caller: &AuthContext,
        is_admin: bool,
    ) -> Result<Self, KeyAdminError> {
        if !is_admin {
            self.revocation = self.revocation.of_their_own(caller)?;
            self.max_kept = self.max_kept.saturating_sub(self.max_kept.div_ceil(10));
        }
        Ok(self)
    }
}
