//! The path to a claim.

use std::{borrow::Cow, convert::Infallible, fmt, sync::Arc};

use serde_json::{Map, Value};

/// The name of a claim, or the path to a claim inside others.
///
/// A text is a name or, with dots, a path: `realm_access.roles` is the member `roles` of the claim
/// `realm_access`. If the claims have no member of the first name (`realm_access`), the whole text is
/// one name with dots in it: so `https://example.com/roles` is found as well.
///
/// For a path whose names hold dots, give an array of names, which are then taken exactly:
/// `["resource_access", "my.agent", "roles"]`.
///
/// # Example
///
/// ```
/// use serde_json::json;
/// use tower_auth::{AuthContext, ClaimPath};
///
/// let access = json!({ "my.agent": { "roles": ["editor"] } });
/// let caller = AuthContext::new("ada").with_claim("resource_access", access);
/// let roles = ClaimPath::from_segments(["resource_access", "my.agent", "roles"]);
/// assert_eq!(caller.claim_at::<Vec<String>>(&roles)?.as_deref(), Some(&["editor".into()][..]));
/// assert_eq!(caller.claim_at::<Vec<String>>("resource_access.my.agent.roles")?, None);
/// # Ok::<(), tower_auth::ClaimError>(())
/// ```
///
/// # Security
///
/// A claim with dots in its name never replaces a nested claim that is absent from an existing object:
/// if users may name claims themselves, a top-level `realm_access.roles` does not count as the roles
/// of `realm_access`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath {
    /// The text, as it is written and logged.
    name: Arc<str>,
    /// The names on the path, if it was given as an array.
    segments: Option<Arc<[Box<str>]>>,
}

impl ClaimPath {
    /// Makes the path of these names, each taken exactly. Without a name it finds nothing.
    pub fn from_segments<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        let segments: Arc<[Box<str>]> = segments
            .into_iter()
            .map(|segment| segment.into().into_boxed_str())
            .collect();
        // Two paths never have one text, because the text becomes part of a principal.
        let escaped: Vec<_> = segments
            .iter()
            .map(|segment| segment.replace('\\', "\\\\").replace('.', "\\."))
            .collect();
        Self {
            name: escaped.join(".").into(),
            segments: Some(segments),
        }
    }

    /// The path as a text, its names joined by dots. A dot inside a name of
    /// [`from_segments`](Self::from_segments) stands behind a backslash.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The claim's name, if it is the only possible one and needs no search.
    pub(crate) fn plain_name(&self) -> Option<&str> {
        match self.segments.as_deref() {
            None => (!self.name.contains('.')).then_some(&*self.name),
            Some([only]) => Some(only),
            Some(_) => None,
        }
    }

    /// The value at the end of the path. `step` returns the member of that name inside a value.
    ///
    /// INVARIANT: only this function interprets a path.
    pub(crate) fn walk<'p, V: Copy, E>(
        &'p self,
        root: V,
        step: impl Fn(V, &'p str) -> Result<Option<V>, E>,
    ) -> Result<Option<V>, E> {
        if let Some(segments) = &self.segments {
            return follow(root, segments.iter().map(|segment| &**segment), step);
        }
        if let Some((first, _)) = self.name.split_once('.')
            && step(root, first)?.is_some()
        {
            return follow(root, self.name.split('.'), step);
        }
        follow(root, std::iter::once(&*self.name), step)
    }

    /// The value in claims that were parsed.
    pub(crate) fn find<'v>(&self, claims: &'v Map<String, Value>) -> Option<&'v Value> {
        if let Some(name) = self.plain_name() {
            return claims.get(name);
        }
        let step = |inside: Node<'v>, name: &str| {
            let map = match inside {
                Node::Claims(map) => Some(map),
                Node::Value(value) => value.as_object(),
            };
            let value = map.and_then(|map| map.get(name));
            Ok::<_, Infallible>(value.map(Node::Value))
        };
        match self.walk(Node::Claims(claims), step) {
            Ok(found) => match found? {
                Node::Value(value) => Some(value),
                Node::Claims(_) => None,
            },
            Err(never) => match never {},
        }
    }
}

#[derive(Clone, Copy)]
enum Node<'v> {
    Claims(&'v Map<String, Value>),
    Value(&'v Value),
}

fn follow<'p, V: Copy, E>(
    root: V,
    names: impl Iterator<Item = &'p str>,
    step: impl Fn(V, &'p str) -> Result<Option<V>, E>,
) -> Result<Option<V>, E> {
    let mut found = None;
    for name in names {
        found = step(found.unwrap_or(root), name)?;
        if found.is_none() {
            break;
        }
    }
    // Without a name it finds nothing.
    Ok(found)
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.segments {
            None => fmt::Debug::fmt(&self.name, f),
            Some(segments) => fmt::Debug::fmt(segments, f),
        }
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self {
            name: name.into(),
            segments: None,
        }
    }
}

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<&String> for ClaimPath {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<Cow<'_, str>> for ClaimPath {
    fn from(name: Cow<'_, str>) -> Self {
        (*name).into()
    }
}

impl From<&Self> for ClaimPath {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for ClaimPath {
    fn from(segments: [S; N]) -> Self {
        Self::from_segments(segments)
    }
}
