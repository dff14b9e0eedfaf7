//! The rules as a list, for a description of a layer.

use http::Method;

use super::{Entry, Rules};

/// A rule of a list.
pub(crate) struct Listed<'a, A> {
    pub(crate) pattern: &'a str,
    /// Nothing where the rule is for every method.
    pub(crate) method: Option<&'a Method>,
    pub(crate) access: A,
    /// Whether the layer has the rule without being told.
    pub(crate) is_built_in: bool,
}

impl<'a, A> Listed<'a, A> {
    pub(crate) fn map<B>(self, map: impl FnOnce(A) -> B) -> Listed<'a, B> {
        Listed {
            pattern: self.pattern,
            method: self.method,
            access: map(self.access),
            is_built_in: self.is_built_in,
        }
    }
}

impl<A: Clone> Rules<A> {
    /// The rules that count, those that were added first and the built-in ones behind them.
    pub(crate) fn list(&self) -> impl Iterator<Item = Listed<'_, &A>> {
        self.merged.iter().flat_map(|entry| {
            let added = self.explicit.iter();
            let added = added.filter(|added| added.pattern.is_same_path(&entry.pattern));
            // A built-in rule stands behind those that were added for its path.
            let added = added.map(|added| added.by_method.len()).next().unwrap_or(0);
            let rules = entry.by_method.iter().enumerate();
            rules.map(move |(number, (method, access))| Listed {
                pattern: entry.pattern.as_str(),
                method: method.as_ref(),
                access,
                is_built_in: number >= added,
            })
        })
    }

    /// Rules that find the number of a rule in the list.
    pub(crate) fn numbers(&self) -> Rules<usize> {
        let mut numbers = 0_usize..;
        let numbered = self.merged.iter().map(|entry| Entry {
            pattern: entry.pattern.clone(),
            by_method: entry
                .by_method
                .iter()
                .zip(&mut numbers)
                .map(|((method, _), number)| (method.clone(), number))
                .collect(),
        });
        Rules {
            explicit: Vec::new(),
            built_in: Vec::new(),
            merged: numbered.collect(),
            plain: self.plain.clone(),
            routes: self.routes.clone(),
        }
    }

    /// The rule for every request to a route with that template; `None` means that it is required, or
    /// that a narrower rule decides about some of its paths.
    pub(crate) fn for_route(&self, method: &Method, template: &str) -> Option<&A> {
        // As a path, a template matches its own pattern.
        let entry = self.entry_for(template, Some(template))?;
        let is_whole = entry.pattern.covers_whole(template);
        is_whole.then(|| entry.access(method))?
    }
}
