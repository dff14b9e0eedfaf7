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
///
/// Each is read when it is needed: most requests fall under no rule.
pub(crate) struct Route<'a> {
    uri: &'a Uri,
    extensions: &'a Extensions,
}

impl<'a> Route<'a> {
    /// The route of a request, of which axum may have noted more in the extensions.
    #[inline]
    pub(crate) fn of(uri: &'a Uri, extensions: &'a Extensions) -> Self {
        Self { uri, extensions }
    }

    /// The path as the client sent it.
    ///
    /// INVARIANT: good only to find a rule, which counts only where [`path`](Self::path) is there.
    #[inline]
    pub(super) fn sent(&self) -> &'a str {
        seen::original_uri(self.extensions)
            .unwrap_or(self.uri)
            .path()
    }

    /// The path as the client sent it; nothing where no rule may be applied.
    pub(super) fn path(&self) -> Option<&'a str> {
        let sent = self.sent();
        self.is_untouched(sent).then_some(sent)
    }

    /// Whether the handler that runs belongs to the path that the client sent, so that a rule for it
    /// counts.
    pub(super) fn is_untouched(&self, sent: &str) -> bool {
        let template = self.template();
        if template.is_some_and(|template| !pattern::is_instance(sent, template)) {
            return false;
        }
        if seen::original_uri(self.extensions).is_none() {
            return true;
        }
        // A service between the client and this layer may have rewritten the path: then the path
        // that the client sent and the handler that runs belong together no more, and no rule
        // counts. Nesting only takes a prefix away (and leaves `/` where nothing remains).
        let path = self.uri.path();
        let ends_alike = sent.strip_suffix(path).is_some_and(is_prefix);
        let nothing_remains = || {
            path == "/"
                && template.is_some()
                && seen::nested_at(self.extensions)
                    .is_some_and(|nested| pattern::is_instance(sent, nested))
        };
        ends_alike || nothing_remains()
    }

    /// The template of the route that was chosen, where one was.
    #[inline]
    pub(crate) fn template(&self) -> Option<&'a str> {
        seen::template(self.extensions)
    }

    /// The text that the client sent, still percent-encoded, where a template of this route has a parameter
    /// of that name; nothing where it has none or two, or where no rule may be applied.
    pub(crate) fn param(&self, template: &str, name: &str) -> Option<&'a str> {
        pattern::param(self.path()?, template, name)
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
