//! Scopes (RFC 6749 §3.3): what a caller may do.

#[cfg(feature = "jwt")]
mod claimed;

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};

/// A set of scopes: space-separated tokens, compared whole and literally.
///
/// `*` grants everything when it comes from code or a key record ([`Scopes::new`]); in a token's
/// claims it grants nothing. What the tokens of one issuer grant at the most can be limited: see
/// [`authorize`](crate::authorize#several-issuers).
///
/// # Example
///
/// ```
/// use tower_auth::Scopes;
///
/// let scopes = Scopes::new(["graph:readonly", "files:upload"]);
/// assert!(scopes.contains("files:upload"));
/// assert!(!scopes.contains("graph:read"));
/// assert!(Scopes::new(["*"]).contains("anything"));
/// ```
///
/// As a list:
///
/// ```
/// use tower_auth::Scopes;
///
/// let scopes = Scopes::new(["read write"]);
/// assert_eq!(scopes.iter().collect::<Vec<_>>(), ["read", "write"]);
/// assert!(!scopes.is_all() && !scopes.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    tokens: Option<Arc<str>>,
    all: bool,
}

impl Scopes {
    /// The scopes that code or a key record gives: `*` among them grants everything.
    ///
    /// A text with spaces counts as several scopes.
    pub fn new<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> Self {
        let mut set = Self::default();
        for scope in scopes {
            set.add(scope.as_ref());
        }
        set
    }

    /// Whether `scope` is granted. `*` stands for everything, so it is granted only where everything
    /// is: a token that claims it gets nothing by it.
    pub fn contains(&self, scope: &str) -> bool {
        self.all || (scope != "*" && !scope.contains(' ') && self.names(scope))
    }

    /// Whether a token, which has no space in it, is among these, whatever it stands for.
    pub(crate) fn names(&self, token: &str) -> bool {
        let mut rest = self.tokens.as_deref().unwrap_or_default();
        while !token.is_empty() {
            if let Some(behind) = rest.strip_prefix(token)
                && matches!(behind.as_bytes(), [] | [b' ', ..])
            {
                return true;
            }
            let space = rest.bytes().position(|byte| byte == b' ');
            match space.and_then(|space| rest.get(space + 1..)) {
                Some(further) => rest = further,
                None => return false,
            }
        }
        false
    }

    /// Whether everything is granted.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        !self.all && self.iter().next().is_none()
    }

    /// The scopes in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.tokens
            .as_deref()
            .unwrap_or_default()
            .split(' ')
            .filter(|token| !token.is_empty())
    }

    fn add(&mut self, scope: &str) {
        self.all |= scope.split(' ').any(|token| token == "*");
        self.tokens = Some(match self.tokens.as_deref() {
            None => scope.into(),
            Some(before) => format!("{before} {scope}").into(),
        });
    }
}

impl fmt::Display for Scopes {
    /// Writes the scopes with one space between them, as an OAuth2 `scope` parameter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl<S: AsRef<str>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        Self::new(scopes)
    }
}

impl Serialize for Scopes {
    /// Serializes as an array of strings.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Scopes as they can be given: one text, in which spaces stand between scopes, or an iterable of
/// texts.
///
/// `Form` tells one from several for the compiler; nobody names it.
///
/// # Example
///
/// ```
/// use tower_auth::authorize::RequireScopes;
///
/// RequireScopes::all("files:read files:write")?;
/// RequireScopes::all(["files:read", "files:write"])?;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a scope nor several of them",
    label = "no scopes",
    note = "give a text, or an array, a `Vec` or an iterator of texts"
)]
pub trait IntoScopes<Form> {
    /// The texts.
    fn into_scopes(self) -> Vec<Box<str>>;
}

/// The form of one text.
#[derive(Debug)]
pub struct OneText(());

/// The form of several texts.
#[derive(Debug)]
pub struct SeveralTexts(());

impl<S: AsRef<str>> IntoScopes<OneText> for S {
    fn into_scopes(self) -> Vec<Box<str>> {
        vec![self.as_ref().into()]
    }
}

impl<I: IntoIterator<Item: AsRef<str>>> IntoScopes<SeveralTexts> for I {
    fn into_scopes(self) -> Vec<Box<str>> {
        self.into_iter().map(|text| text.as_ref().into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_only_whole_tokens() {
        let scopes = Scopes::new(["graph:readonly", "a b"]);
        assert!(scopes.contains("a") && scopes.contains("b"));
        for near in [
            "graph:read",
            "graph",
            "graph:readonlyy",
            "",
            " ",
            "a b",
            "*",
        ] {
            assert!(!scopes.contains(near), "{near:?}");
        }
    }

    #[test]
    fn finds_a_token_wherever_it_stands_and_however_many_spaces_do() {
        let scopes = Scopes::new(["  aa a  ab ", "b"]);
        for held in ["aa", "a", "ab", "b"] {
            assert!(scopes.contains(held), "{held:?}");
        }
        for other in ["", " ", "  ", "aa a", "a ", " a", "bb", "aaa", "ba"] {
            assert!(!scopes.contains(other), "{other:?}");
        }
        assert!(!Scopes::default().contains("a"));
    }

    #[test]
    fn a_star_from_code_grants_all() {
        assert!(Scopes::new(["x", "*"]).contains("anything"));
        assert!(Scopes::new(["x *"]).is_all());
        assert!(!Scopes::new(["x*"]).is_all());
    }

    #[test]
    fn prints_as_an_oauth2_parameter() {
        assert_eq!(Scopes::new(["a", " b  c "]).to_string(), "a b c");
        assert!(Scopes::default().is_empty());
    }
}
