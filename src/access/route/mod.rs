//! The path a rule is compared with, and the route it led to.

#[cfg(feature = "webhook")]
mod original;
#[cfg(feature = "axum")]
#[path = "axum.rs"]
mod seen;
#[cfg(not(feature = "axum"))]
#[path = "plain.rs"]
mod seen;

use http::{Extensions, Request, Uri};

#[cfg(feature = "webhook")]
pub(crate) use self::original::original_uri;
use super::{pattern, traversal};

/// The path and the route of a request, as far as they can be trusted.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    path: Option<&'a str>,
    template: Option<&'a str>,
}

impl<'a> Route<'a> {
    /// Reads the path as the client sent it and, where axum has routed, the route's template.
    #[inline]
    pub(crate) fn of(uri: &'a Uri, extensions: &'a Extensions) -> Self {
        let template = seen::template(extensions);
        let Some(original) = seen::original_uri(extensions).map(Uri::path) else {
            let path = uri.path();
            let is_instance = template.is_none_or(|template| pattern::is_instance(path, template));
            return Self {
                path: is_instance.then_some(path),
                template,
            };
        };
        // A service between the client and this layer may have rewritten the path: then the path
        // that the client sent and the handler that runs belong together no more, and no rule
        // counts. Nesting only takes a prefix away (and leaves `/` where nothing remains).
        let ends_alike = original.strip_suffix(uri.path()).is_some_and(is_prefix);
        let untouched = match template {
            Some(template) => {
                let nothing_remains = uri.path() == "/"
                    && seen::nested_at(extensions)
                        .is_some_and(|nested| pattern::is_instance(original, nested));
                (ends_alike || nothing_remains) && pattern::is_instance(original, template)
            }
            None => ends_alike,
        };
        Self {
            path: untouched.then_some(original),
            template,
        }
    }

    /// The original path; nothing where no rule may be applied.
    pub(super) fn path(&self) -> Option<&'a str> {
        self.path
    }

    /// The template of the route that was chosen, where one was.
    #[inline]
    pub(crate) fn template(&self) -> Option<&'a str> {
        self.template
    }

    /// The text that the client sent, still percent-encoded, where a template of this route has a parameter
    /// of that name; nothing where it has none or two, or where no rule may be applied.
    pub(crate) fn param(&self, template: &str, name: &str) -> Option<&'a str> {
        pattern::param(self.path?, template, name)
    }
}

/// The template of the route that axum chose, where it did.
pub(crate) fn template(extensions: &Extensions) -> Option<&str> {
    seen::template(extensions)
}

/// Whether nesting may have taken this away. A service that resolves dot segments or doubled
/// slashes takes away more: `/assets/../run` ends in `/run` too.
fn is_prefix(taken: &str) -> bool {
    !traversal::is_ambiguous(taken) && !taken.split('/').skip(1).any(str::is_empty)
}

/// Edits a request's URI, and the original one where axum keeps it.
pub(crate) fn edit_uris<B>(request: &mut Request<B>, edit: impl Fn(&Uri) -> Option<Uri>) {
    if let Some(edited) = edit(request.uri()) {
        *request.uri_mut() = edited;
    }
    if let Some(original) = seen::original_uri_mut(request.extensions_mut())
        && let Some(edited) = edit(original)
    {
        *original = edited;
    }
}
