//! The path that rules are compared with, and its route.

#[cfg(any(feature = "mcp", feature = "webhook"))]
mod original;
#[cfg(feature = "axum")]
mod parts;
#[cfg(feature = "axum")]
#[path = "axum.rs"]
mod seen;
#[cfg(not(feature = "axum"))]
#[path = "plain.rs"]
mod seen;

use http::{Extensions, Request, Uri};

#[cfg(any(feature = "mcp", feature = "webhook"))]
pub(crate) use self::original::original_uri;
#[cfg(feature = "axum")]
pub(crate) use self::parts::about_parts;
use super::{pattern, traversal};
use crate::observe::About;

/// The path and the route of a request, as far as they can be trusted.
///
/// Each is read on demand: most requests match no rule.
pub(crate) struct Route<'a> {
    uri: &'a Uri,
    extensions: &'a Extensions,
}

impl<'a> Route<'a> {
    /// The route of a request; axum may have recorded more of it in the extensions.
    #[inline]
    pub(crate) fn of(uri: &'a Uri, extensions: &'a Extensions) -> Self {
        Self { uri, extensions }
    }

    /// The path as the client sent it.
    ///
    /// INVARIANT: only for finding a rule, which counts only if [`path`](Self::path) returns the path.
    #[inline]
    pub(super) fn sent(&self) -> &'a str {
        seen::original_uri(self.extensions)
            .unwrap_or(self.uri)
            .path()
    }

    /// The path as the client sent it; `None` where no rule may be applied.
    pub(super) fn path(&self) -> Option<&'a str> {
        let sent = self.sent();
        self.is_untouched(sent).then_some(sent)
    }

    /// Whether the handler belongs to the path that the client sent, so that a rule for the path
    /// counts.
    pub(super) fn is_untouched(&self, sent: &str) -> bool {
        let template = self.template();
        if template.is_some_and(|template| !pattern::is_instance(sent, template)) {
            return false;
        }
        if seen::original_uri(self.extensions).is_none() {
            return true;
        }
        // A service between the client and this layer may have rewritten the path: the handler then
        // does not belong to the path that the client sent, and no rule counts. Nesting only removes a
        // prefix (and leaves `/` where nothing remains).
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

    /// The template of the chosen route, if there is one.
    #[inline]
    pub(crate) fn template(&self) -> Option<&'a str> {
        seen::template(self.extensions)
    }

    /// The text that the client sent at the place of a template's parameter, still percent-encoded;
    /// `None` where the template lacks the parameter or has it twice, or where no rule may be applied.
    pub(crate) fn param(&self, template: &str, name: &str) -> Option<&'a str> {
        pattern::param(self.path()?, template, name)
    }
}

/// A request, as the decision about it is told of.
#[inline]
pub(crate) fn about<B>(request: &Request<B>) -> About<'_> {
    About::new(
        request.method(),
        request.headers(),
        request.extensions(),
        seen::template,
    )
}

/// Whether nesting may have removed this text. A service that resolves dot segments or doubled slashes
/// removes more: `/assets/../run` ends in `/run` too.
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
