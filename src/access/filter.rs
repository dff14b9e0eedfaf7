//! The requests that something is about, by path and method.

use http::Method;

use super::{PathRule, Route, pattern::Pattern};
use crate::error::ConfigError;

/// Chooses requests by a [`PathRule`], and rather one too many than one too few: for what refuses, never
/// for what opens.
#[derive(Clone, Debug)]
pub(crate) struct PathFilter {
    pattern: Pattern,
    method: Option<Method>,
}

impl PathFilter {
    pub(crate) fn new(rule: PathRule) -> Result<Self, ConfigError> {
        Ok(Self {
            pattern: Pattern::parse(rule.pattern)?,
            method: rule.method,
        })
    }

    /// Whether a request is meant: by the template of its route, or by its path as it was sent. A path
    /// that is spelled another way still has the template of its route.
    pub(crate) fn is_meant(&self, method: &Method, route: &Route<'_>) -> bool {
        let is_method = self.method.as_ref().is_none_or(|wanted| {
            wanted == method || (*method == Method::HEAD && *wanted == Method::GET)
        });
        let by_template = || {
            let template = route.template();
            // As a path, a template matches its own pattern.
            template.is_some_and(|template| self.pattern.is_path(template))
        };
        is_method && (by_template() || self.pattern.is_path(route.sent()))
    }
}
