//! Principal sources of providers that take the user id from a claim.

use std::sync::Arc;

use super::{SourceLabel, source::PrincipalSource};

impl PrincipalSource {
    /// Notes whether the provider accepts tokens that may be for another service: nothing that it
    /// compares says whom they are for.
    pub(crate) fn taking_any_audience(mut self, takes_any: bool) -> Self {
        self.takes_any_audience = takes_any;
        self
    }

    /// One source for each of the claims that a user id may be in, in their order.
    pub(crate) fn of_claims<'c>(self, claims: impl IntoIterator<Item = &'c str>) -> Vec<Self> {
        let claims = claims.into_iter().enumerate();
        claims
            .map(|(at, claim)| Self {
                source: match at {
                    0 => self.source.clone(),
                    _ => Some(with_claim(self.source.as_deref(), claim)),
                },
                claim: claim.into(),
                ..self.clone()
            })
            .collect()
    }
}

/// The authority behind a provider's tokens: the issuer, or else the label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenAuthority<'a> {
    pub(crate) issuer: Option<&'a str>,
    pub(crate) label: Option<&'a SourceLabel>,
}

impl TokenAuthority<'_> {
    /// The source of the callers, where it is not their issuer.
    pub(crate) fn source(self, claim: &str, is_first: bool) -> Option<Arc<str>> {
        let label = self.label.map(SourceLabel::text);
        if is_first {
            return label.filter(|_| self.issuer.is_none());
        }
        Some(with_claim(self.issuer.or(label.as_deref()), claim))
    }

    /// The principal sources of a provider whose user ids may be in those claims, in this order. Its
    /// clones have `instance` in common.
    pub(crate) fn principal_sources<'c, T: ?Sized>(
        self,
        method: &'static str,
        claims: impl IntoIterator<Item = &'c str>,
        instance: &T,
    ) -> Vec<PrincipalSource> {
        let source = match self.issuer {
            Some(issuer) => PrincipalSource::of_issuer(method, issuer),
            None => PrincipalSource::of_labelled(method, self.label, instance),
        };
        source.of_claims(claims)
    }
}

/// `SOURCE#CLAIM`: the source of a user id that is not from the first of the claims that may hold it.
/// A caller who may write one claim must not become the user that another claim names.
fn with_claim(source: Option<&str>, claim: &str) -> Arc<str> {
    format!("{}#{claim}", source.unwrap_or_default()).into()
}
