//! The rules of a layer, and the choice of the rule for a request.

#[cfg(feature = "axum")]
mod by_template;
mod listed;

use std::collections::BTreeMap;

use http::Method;

pub(crate) use self::listed::Listed;
use super::{PathRule, Route, pattern::Pattern, traversal};
use crate::error::{ConfigError, ConfigErrorKind};

/// Path rules: explicit ones, and built-in ones with lower priority.
///
/// A path without a rule is required, and so is a method that the rules of its path do not name.
#[derive(Clone)]
pub(crate) struct Rules<A> {
    explicit: Vec<Entry<A>>,
    built_in: Vec<Entry<A>>,
    /// Explicit and built-in rules together, as `plain` and `routes` number them.
    merged: Vec<Entry<A>>,
    /// The patterns that have no parameters.
    plain: BTreeMap<Box<str>, usize>,
    /// The patterns that have parameters.
    routes: matchit::Router<usize>,
}

#[derive(Clone)]
pub(crate) struct Entry<A> {
    pattern: Pattern,
    by_method: Vec<(Option<Method>, A)>,
}

impl<A: Clone> Rules<A> {
    pub(crate) fn new() -> Self {
        Self {
            explicit: Vec::new(),
            built_in: Vec::new(),
            merged: Vec::new(),
            plain: BTreeMap::new(),
            routes: matchit::Router::new(),
        }
    }

    /// Replaces the built-in rules: the access of those paths for GET and HEAD unless a rule says
    /// otherwise.
    pub(crate) fn set_built_in(
        &mut self,
        paths: impl IntoIterator<Item = &'static str>,
        access: &A,
    ) -> Result<(), ConfigError> {
        self.built_in = paths
            .into_iter()
            .map(|path| {
                Ok(Entry {
                    pattern: Pattern::parse(path.to_owned())?,
                    by_method: vec![(Some(Method::GET), access.clone())],
                })
            })
            .collect::<Result<_, ConfigError>>()?;
        self.merge()
    }

    /// Adds a rule.
    pub(crate) fn add(&mut self, rule: PathRule, access: A) -> Result<(), ConfigError> {
        let mut changed = self.clone();
        changed.add_entry(rule, access)?;
        changed.merge()?;
        *self = changed;
        Ok(())
    }

    /// Changes the access of each rule.
    pub(crate) fn change(&mut self, change: impl Fn(&mut A)) {
        let entries = [&mut self.explicit, &mut self.built_in, &mut self.merged];
        for entry in entries.into_iter().flatten() {
            for (_, access) in &mut entry.by_method {
                change(access);
            }
        }
    }

    fn add_entry(&mut self, rule: PathRule, access: A) -> Result<(), ConfigError> {
        let pattern = Pattern::parse(rule.pattern)?;
        let same = self
            .explicit
            .iter_mut()
            .find(|entry| entry.pattern.is_same_path(&pattern));
        let Some(entry) = same else {
            self.explicit.push(Entry {
                pattern,
                by_method: vec![(rule.method, access)],
            });
            return Ok(());
        };
        if entry
            .by_method
            .iter()
            .any(|(method, _)| *method == rule.method)
        {
            return Err(conflict(&pattern, &entry.pattern));
        }
        entry.by_method.push((rule.method, access));
        Ok(())
    }

    fn merge(&mut self) -> Result<(), ConfigError> {
        self.merged.clear();
        self.plain = BTreeMap::new();
        self.routes = matchit::Router::new();
        for entry in self.explicit.clone() {
            let pattern = entry.pattern.clone();
            self.index(entry)
                .map_err(|error| refused(&pattern, &error))?;
        }
        for entry in self.built_in.clone() {
            let same = self
                .merged
                .iter_mut()
                .find(|explicit| explicit.pattern.is_same_path(&entry.pattern));
            match same {
                Some(explicit) => explicit.yield_to_explicit(&entry),
                // A built-in rule that overlaps an explicit one (`/docs/{page}`) is dropped: its paths
                // are then required, unless the explicit rule opens them.
                None => drop(self.index(entry)),
            }
        }
        Ok(())
    }

    fn index(&mut self, entry: Entry<A>) -> Result<(), matchit::InsertError> {
        let number = self.merged.len();
        if entry.pattern.has_parameters() {
            self.routes.insert(entry.pattern.as_str(), number)?;
        } else {
            self.plain.insert(entry.pattern.as_str().into(), number);
        }
        self.merged.push(entry);
        Ok(())
    }

    /// The rule for a request; `None` means that it is required.
    ///
    /// A rule with a parameter does not count for a path that a server behind the layer could read as
    /// another one. No access is stricter than required, so this opens nothing.
    pub(crate) fn find_opening(&self, method: &Method, route: &Route<'_>) -> Option<&A> {
        let entry = self.entry(route)?;
        if entry.pattern.has_parameters() && traversal::is_ambiguous(route.path()?) {
            return None;
        }
        entry.access(method)
    }

    /// The entry for the path of a request, compared byte for byte.
    pub(crate) fn entry(&self, route: &Route<'_>) -> Option<&Entry<A>> {
        let sent = route.sent();
        let entry = self.entry_for(sent, route.template())?;
        route.is_untouched(sent).then_some(entry)
    }

    /// The entry for a path, of which axum chose the route with that template.
    fn entry_for(&self, path: &str, template: Option<&str>) -> Option<&Entry<A>> {
        if let Some(number) = self.plain.get(path) {
            return self.merged.get(*number);
        }
        if self.plain.len() == self.merged.len() {
            return None; // No pattern has parameters.
        }
        let found = self.routes.at(path).ok()?;
        let mut entry = self.merged.get(*found.value)?;
        // The matcher accepts an empty parameter: it would match `//health` with `/{team}/health`, and
        // skip a wider rule for everything below.
        if !entry.pattern.is_path(path) {
            let others = self.merged.iter().map(|entry| (&entry.pattern, entry));
            let others = others.filter(|(pattern, _)| pattern.is_path(path));
            entry = others
                .min_by(|(one, _), (two, _)| one.cmp_width(two))
                .map(|(_, entry)| entry)?;
        }
        let applies = template.is_none_or(|template| entry.pattern.covers(template));
        applies.then_some(entry)
    }
}

impl<A: Clone> Entry<A> {
    /// The rule of the path for a method.
    pub(crate) fn access(&self, method: &Method) -> Option<&A> {
        if let [(None, access)] = &*self.by_method {
            return Some(access); // as most rules are
        }
        let rule_for = |wanted: Option<&Method>| {
            self.by_method
                .iter()
                .find(|(method, _)| method.as_ref() == wanted)
                .map(|(_, access)| access)
        };
        rule_for(Some(method))
            .or_else(|| (method == Method::HEAD).then(|| rule_for(Some(&Method::GET)))?)
            .or_else(|| rule_for(None))
    }

    /// Takes the built-in rule of the same path for methods that no explicit rule names.
    fn yield_to_explicit(&mut self, built_in: &Self) {
        for (method, access) in &built_in.by_method {
            let named = self
                .by_method
                .iter()
                .any(|(explicit, _)| explicit.is_none() || explicit == method);
            if !named {
                self.by_method.push((method.clone(), access.clone()));
            }
        }
    }
}

fn conflict(pattern: &Pattern, other: &Pattern) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Conflict,
        format!(
            "the path rule {:?} is there already, as {:?}: keep one of the two, or name a method \
             for each",
            pattern.as_str(),
            other.as_str()
        ),
    )
}

fn refused(pattern: &Pattern, error: &matchit::InsertError) -> ConfigError {
    match error {
        matchit::InsertError::Conflict { with } => ConfigError::new(
            ConfigErrorKind::Conflict,
            format!(
                "the path rules {:?} and {with:?} cannot stand side by side: where one has a \
                 parameter the other has a catch-all; keep one of the two, or spell the paths of \
                 the parameter out",
                pattern.as_str()
            ),
        ),
        other => ConfigError::new(
            ConfigErrorKind::Malformed,
            format!("the path rule {:?} is malformed: {other}", pattern.as_str()),
        ),
    }
}
