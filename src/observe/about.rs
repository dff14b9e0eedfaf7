//! The request that a decision is about.

use http::{Extensions, HeaderMap, Method};

use super::ids::{self, RequestIdHeader};

/// The head of the request that a decision is about; of a check in a handler nothing is known.
#[derive(Clone, Copy)]
pub(crate) struct About<'a>(Option<Head<'a>>);

#[derive(Clone, Copy)]
struct Head<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
    /// Finds the template of the route.
    template: fn(&Extensions) -> Option<&str>,
}

impl<'a> About<'a> {
    /// A check outside of a layer.
    pub(crate) const NOTHING: Self = Self(None);

    #[inline]
    pub(crate) fn new(
        method: &'a Method,
        headers: &'a HeaderMap,
        extensions: &'a Extensions,
        template: fn(&Extensions) -> Option<&str>,
    ) -> Self {
        Self(Some(Head {
            method,
            headers,
            extensions,
            template,
        }))
    }

    pub(crate) fn method(&self) -> Option<&'a Method> {
        Some(self.0?.method)
    }

    /// The template of the route that axum chose.
    pub(crate) fn path(&self) -> Option<&'a str> {
        let head = self.0?;
        (head.template)(head.extensions)
    }

    pub(super) fn extension<T: Send + Sync + 'static>(&self) -> Option<&'a T> {
        self.0?.extensions.get()
    }

    /// The id of the request.
    pub(crate) fn request_id(&self) -> Option<&'a str> {
        let head = self.0?;
        let name = match self.extension() {
            Some(RequestIdHeader(name)) => name,
            None => &ids::X_REQUEST_ID,
        };
        ids::request_id(head.headers, name)
    }

    /// The id of the trace that the request is a part of.
    pub(crate) fn trace_id(&self) -> Option<&'a str> {
        ids::trace_id(self.0?.headers)
    }
}
