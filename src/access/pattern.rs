//! Path patterns, segment by segment.

use std::cmp::Ordering;

use crate::error::{ConfigError, ConfigErrorKind};

/// A valid pattern of a rule.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    has_parameters: bool,
}

/// Ordered from narrow to wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Literal(&'a str),
    Param,
    CatchAll,
}

impl Pattern {
    pub(super) fn parse(text: String) -> Result<Self, ConfigError> {
        let fault = |why: &str| {
            ConfigError::new(
                ConfigErrorKind::Malformed,
                format!("the path rule {text:?} {why}"),
            )
        };
        let Some(path) = text.strip_prefix('/') else {
            let mend = format!(
                "does not begin with a slash: write {:?}",
                format!("/{text}")
            );
            return Err(fault(&mend));
        };
        if text.contains(['?', '#']) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(fault(
                "holds a character that no path on the wire has: a rule is compared with the raw \
                 path, so write it percent-encoded and leave the query out",
            ));
        }
        let last = path.split('/').count();
        for (index, segment) in path.split('/').enumerate() {
            if let Some(name) = segment.strip_prefix([':', '*']) {
                return Err(fault(&format!(
                    "uses the old parameter syntax: write {{{}{}}}",
                    if segment.starts_with('*') { "*" } else { "" },
                    if name.is_empty() { "name" } else { name }
                )));
            }
            let is_last = index.saturating_add(1) == last;
            match Segment::of(segment) {
                None => {
                    return Err(fault(
                        "has a brace inside a segment: a parameter is a whole segment, {name} or \
                         {*rest}",
                    ));
                }
                Some(Segment::CatchAll) if !is_last => {
                    return Err(fault(
                        "goes on after {*rest}, which can only stand at the end",
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(Self {
            has_parameters: text.contains('{'),
            text,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both patterns stand for the same paths, whatever their parameters are named.
    pub(super) fn is_same_path(&self, other: &Self) -> bool {
        self.is_same_path_as(&other.text)
    }

    pub(super) fn is_same_path_as(&self, template: &str) -> bool {
        self.segments().eq(segments(template))
    }

    /// Compares two patterns for one path: the first segment in which they differ decides which is
    /// narrower.
    pub(super) fn cmp_width(&self, other: &Self) -> Ordering {
        self.segments().cmp(other.segments())
    }

    pub(super) fn has_parameters(&self) -> bool {
        self.has_parameters
    }

    /// Whether the pattern matches a path.
    pub(super) fn is_path(&self, path: &str) -> bool {
        is_instance(path, &self.text)
    }

    /// Whether each parameter of this pattern stands where the route has a parameter too: a rule
    /// for `/hooks/{source}` must not open a route `/hooks/partner`.
    pub(super) fn covers(&self, template: &str) -> bool {
        let mut route = segments(template);
        for segment in self.segments() {
            match (segment, route.next()) {
                (Some(Segment::CatchAll), _) | (_, Some(Some(Segment::CatchAll))) => return true,
                (Some(Segment::Param), Some(Some(Segment::Param))) => {}
                (Some(Segment::Literal(_)), Some(_)) => {}
                _ => return false,
            }
        }
        true
    }

    /// Whether the pattern, which [covers](Self::covers) a route, is of all its paths: `/files/{name}` is
    /// of some of `/files/{*rest}`.
    pub(super) fn covers_whole(&self, template: &str) -> bool {
        let is_open = |segment| segment == Some(Segment::CatchAll);
        self.segments().any(is_open) || !segments(template).any(is_open)
    }

    fn segments(&self) -> impl Iterator<Item = Option<Segment<'_>>> {
        segments(&self.text)
    }
}

/// Whether the route's template matches a path as the client sent it.
pub(super) fn is_instance(path: &str, template: &str) -> bool {
    // Most routes have no parameter; and as a path, a template matches itself.
    if path == template {
        return true;
    }
    let mut rest = Some(path);
    let mut wanted = template.split('/').peekable();
    while let Some(segment) = wanted.next() {
        // A route may have plain text before a parameter: `/user_{name}`.
        let (plain, parameter) = segment.split_at(segment.find('{').unwrap_or(segment.len()));
        let Some(left) = rest.and_then(|rest| rest.strip_prefix(plain)) else {
            return false;
        };
        let (shown, below) = match left.split_once('/') {
            Some((shown, below)) => (shown, Some(below)),
            None => (left, None),
        };
        match Segment::of(parameter) {
            Some(Segment::Literal(nothing)) if shown == nothing => {}
            Some(Segment::Param) if !shown.is_empty() => {}
            // A router behind a catch-all route joins both templates, and the text after the catch-all
            // cannot be compared.
            Some(Segment::CatchAll) => return wanted.peek().is_none() && !left.is_empty(),
            _ => return false,
        }
        rest = below;
    }
    rest.is_none()
}

/// The text in a path at the place of a parameter of a template.
///
/// `None` where the template lacks the parameter or has it twice: a handler might read the other one.
pub(super) fn param<'a>(path: &'a str, template: &str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut rest = Some(path);
    for segment in template.split('/') {
        let (plain, parameter) = segment.split_at(segment.find('{').unwrap_or(segment.len()));
        let left = rest?.strip_prefix(plain)?;
        let (shown, below) = match left.split_once('/') {
            Some((shown, below)) => (shown, Some(below)),
            None => (left, None),
        };
        let value = match Segment::of(parameter)? {
            Segment::CatchAll => left,
            Segment::Param | Segment::Literal(_) => shown,
        };
        let is_named = parameter
            .strip_prefix("{*")
            .or_else(|| parameter.strip_prefix('{'))
            .and_then(|rest| rest.strip_suffix('}'))
            == Some(name);
        if is_named && found.replace(value).is_some() {
            return None;
        }
        rest = below;
    }
    found
}

fn segments(pattern: &str) -> impl Iterator<Item = Option<Segment<'_>>> {
    pattern.split('/').map(Segment::of)
}

impl<'a> Segment<'a> {
    /// `None` for a segment that is neither plain text nor one whole parameter.
    fn of(text: &'a str) -> Option<Self> {
        let Some(name) = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        else {
            return (!text.contains(['{', '}'])).then_some(Self::Literal(text));
        };
        let (name, kind) = match name.strip_prefix('*') {
            Some(name) => (name, Self::CatchAll),
            None => (name, Self::Param),
        };
        (!name.is_empty() && !name.contains(['{', '}', '*'])).then_some(kind)
    }
}
