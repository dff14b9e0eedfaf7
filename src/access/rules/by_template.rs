//! Rules for the routes that axum chooses: by their templates alone.

use http::Method;

use super::Rules;
use crate::access::{PathRule, pattern};

impl<A: Clone> Rules<A> {
    /// The rule for the chosen route, with its pattern.
    ///
    /// The template alone decides: a rule for one path of a `{param}` route could be evaded by another
    /// spelling of that path.
    pub(crate) fn for_template(&self, method: &Method, template: &str) -> Option<(&str, &A)> {
        // As a path, a template matches its own pattern: a literal matches only itself, and the text
        // of a parameter, which no literal can be, only a parameter.
        let number = match self.plain.get(template) {
            Some(number) => number,
            None => self.routes.at(template).ok()?.value,
        };
        let entry = self.merged.get(*number)?;
        let access = entry
            .pattern
            .is_same_path_as(template)
            .then(|| entry.access(method))??;
        Some((entry.pattern.as_str(), access))
    }
}

impl PathRule {
    /// Whether the pattern has one parameter of that name.
    pub(crate) fn has_param(&self, name: &str) -> bool {
        pattern::param(&self.pattern, &self.pattern, name).is_some()
    }

    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }
}
