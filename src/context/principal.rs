//! What makes two callers the same.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Who someone is: method, issuer or platform, and user id together.
///
/// It serializes, so that it can be stored beside what the caller owns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Principal<'a> {
    method: Cow<'a, str>,
    issuer: Option<Cow<'a, str>>,
    user_id: Cow<'a, str>,
}

impl<'a> Principal<'a> {
    /// Someone who was authenticated that way, by that issuer or platform where there is one.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, Principal};
    ///
    /// let caller = AuthContext::new("42").with_method("allowlist").with_issuer("telegram");
    /// assert_eq!(caller.principal(), Principal::new("allowlist", Some("telegram"), "42"));
    /// ```
    pub fn new(method: &'a str, issuer: Option<&'a str>, user_id: &'a str) -> Self {
        Self {
            method: method.into(),
            issuer: issuer.map(Cow::Borrowed),
            user_id: user_id.into(),
        }
    }

    /// How the caller was authenticated.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The token's issuer or the chat platform, where there is one.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The user id.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The same principal, owning its texts.
    pub fn into_owned(self) -> Principal<'static> {
        Principal {
            method: self.method.into_owned().into(),
            issuer: self.issuer.map(|issuer| issuer.into_owned().into()),
            user_id: self.user_id.into_owned().into(),
        }
    }
}
