//! Required claims in a handler.

use serde::de::DeserializeOwned;

use crate::{
    context::{AuthContext, ClaimError, ClaimPath},
    error::{AuthError, IntoAuthError},
    event,
    observe::About,
};

impl AuthContext {
    /// Returns one claim of the metadata as a type of your own, in a handler; refuses a caller without
    /// it.
    ///
    /// [`claim`](Self::claim) is for a claim that may be absent.
    ///
    /// # Errors
    ///
    /// 403 `forbidden` where the claim is absent or null, or is not a `T`. The log names the claim and
    /// the case; the response does not.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, AuthError};
    ///
    /// async fn invoices(caller: AuthContext) -> Result<String, AuthError> {
    ///     let tenant: String = caller.require_claim("tenant")?;
    ///     Ok(format!("invoices of {tenant}"))
    /// }
    ///
    /// let ada = AuthContext::new("ada").with_claim("tenant", "acme");
    /// assert_eq!(ada.require_claim::<String>("tenant")?, "acme");
    /// assert_eq!(ada.require_claim::<u64>("tenant").unwrap_err().status(), 403);
    /// assert_eq!(ada.require_claim::<String>("role").unwrap_err().status(), 403);
    /// # Ok::<(), AuthError>(())
    /// ```
    pub fn require_claim<T: DeserializeOwned>(&self, name: &str) -> Result<T, AuthError> {
        self.required(self.claim(name), name)
    }

    /// Returns one claim inside others, in a handler; refuses a caller without it. [`ClaimPath`]
    /// describes the path; [`claim_at`](Self::claim_at) is for a claim that may be absent.
    ///
    /// # Errors
    ///
    /// Those of [`require_claim`](Self::require_claim); also where a value on the path to the claim is
    /// no object.
    ///
    /// # Example
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_auth::{AuthContext, AuthError};
    ///
    /// let ada = AuthContext::new("ada").with_claim("org", json!({"tenant": "acme"}));
    /// assert_eq!(ada.require_claim_at::<String>("org.tenant")?, "acme");
    /// # Ok::<(), AuthError>(())
    /// ```
    pub fn require_claim_at<T: DeserializeOwned>(
        &self,
        path: impl Into<ClaimPath>,
    ) -> Result<T, AuthError> {
        let path = path.into();
        self.required(self.claim_at(&path), path.as_str())
    }

    fn required<T>(
        &self,
        claim: Result<Option<T>, ClaimError>,
        name: &str,
    ) -> Result<T, AuthError> {
        let fault = match claim {
            Ok(Some(claim)) => return Ok(claim),
            Ok(None) => AuthError::forbidden(format!("claim_missing: {name}")),
            Err(error) => error.into_auth_error(),
        };
        let error = fault.at_provider(NAME);
        let asked = event::Permission {
            user_id: Some(self.user_id()),
            ..event::Permission::default()
        };
        event::authorized(&Err(error.clone()), asked, About::NOTHING);
        Err(error)
    }
}

impl IntoAuthError for ClaimError {
    /// 403 `forbidden`, as [`AuthContext::require_claim`] refuses: the caller is known, and the
    /// handler needs the claim in another type.
    fn into_auth_error(self) -> AuthError {
        AuthError::forbidden(format!("claim_of_another_type: {}", self.name()))
    }
}

const NAME: &str = "claims";
