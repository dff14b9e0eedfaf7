//! Who may revoke what [12.2], [13.1]: an administrator their own credentials, and with `keys:admin` all.

use super::{KeyAdminError, Revocation, valid};
use crate::context::AuthContext;

impl Revocation {
    /// Requires a reason of the right form.
    pub(crate) fn check_reason(&self) -> Result<(), KeyAdminError> {
        valid::reason(self.reason())
    }

    /// The revocation within the bounds of a caller who has `keys:write`: without `keys:admin`, of their
    /// own token, or of their own principal in their own tenant.
    ///
    /// # Errors
    ///
    /// It is about somebody else.
    pub(crate) fn within(
        self,
        caller: &AuthContext,
        is_admin: bool,
    ) -> Result<Self, KeyAdminError> {
        if is_admin {
            return Ok(self);
        }
        if let Some((issuer, id)) = self.of_token() {
            let own = (caller.token_issuer(), caller.token_id());
            return match own == (issuer, Some(id)) {
                true => Ok(self),
                false => Err(KeyAdminError::Forbidden(
                    "the token is not the one of this request: that needs keys:admin",
                )),
            };
        }
        let Some((who, tenant)) = self.of_principal() else {
            return Ok(self);
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
