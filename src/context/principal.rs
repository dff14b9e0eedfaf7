//! The identity of a caller.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The identity of a caller: method, source and user id together.
///
/// The source is the issuer or chat platform in the configuration, or else the label of the provider
/// (`with_source`), if it has one: never text of a caller. If a user id is not from the first of its
/// possible claims, the source is `SOURCE#CLAIM`.
///
/// A principal serializes, so that it can be stored beside its objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Principal<'a> {
    method: Cow<'a, str>,
    #[serde(rename = "issuer")]
    source: Option<Cow<'a, str>>,
    user_id: Cow<'a, str>,
}

impl<'a> Principal<'a> {
    /// Makes a principal of that method, with that issuer, platform or label as the source.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, Principal};
    ///
    /// let caller = AuthContext::new("42").with_method("allowlist").with_issuer("telegram");
    /// assert_eq!(caller.principal(), Principal::new("allowlist", Some("telegram"), "42"));
    /// ```
    pub fn new(method: &'a str, source: Option<&'a str>, user_id: &'a str) -> Self {
        Self {
            method: method.into(),
            source: source.map(Cow::Borrowed),
            user_id: user_id.into(),
        }
    }

    /// The method by which the caller was authenticated.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The configured issuer, the chat platform or the provider's label, if there is one.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The [`source`](Self::source), under the name of its member in a stored principal.
    pub fn issuer(&self) -> Option<&str> {
        self.source()
    }

    /// The user id.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The principal with owned texts.
    pub fn into_owned(self) -> Principal<'static> {
        Principal {
            method: self.method.into_owned().into(),
            source: self.source.map(|source| source.into_owned().into()),
            user_id: self.user_id.into_owned().into(),
        }
    }
}

/// A source without the claim that the user id is from. Only the providers of tokens write one behind a
/// `#`; with any other method the `#` is a part of the name.
pub(crate) fn authority<'s>(method: &str, source: &'s str) -> &'s str {
    match TOKEN_METHODS.contains(&method) {
        true => source.split('#').next().unwrap_or_default(),
        false => source,
    }
}

/// The methods of the providers that take a user id from one of several claims.
const TOKEN_METHODS: [&str; 4] = ["introspection", "jwt", "oauth2", "userinfo"];
