//! Principal sources of providers that ask an endpoint.

use super::{
    SourceLabel,
    source::{Authority, PrincipalSource},
};
use crate::issuer::fetch::Endpoint;

impl PrincipalSource {
    /// Principals of the users of an endpoint, for every provider that asks it. Their source is the
    /// label, or else the address of the endpoint without its query.
    pub(crate) fn of_endpoint(
        method: &'static str,
        label: Option<&SourceLabel>,
        endpoint: &Endpoint,
    ) -> Self {
        let authority = match label {
            Some(label) if label.is_shared() => Authority::Shared,
            _ => Authority::Value(endpoint.digest().into()),
        };
        let source = label.map_or_else(|| endpoint.to_string().into(), SourceLabel::text);
        Self::of(method, Some(source), authority)
    }

    /// Replaces the method.
    pub(crate) fn with_method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }
}
