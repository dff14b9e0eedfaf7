//! What every provider of tokens is told about claims.

use super::Builder;
use crate::config::{
    fault::Place,
    read::{RequiredClaim, Slot},
    shape::tokens::{Introspection, Jwt, OAuth2},
};

/// Sets what a block says about claims, on a provider that has all of these settings.
macro_rules! set_claims {
    ($provider:ident, $block:expr) => {
        let block = $block;
        if let Some(claim) = block.audience_claim.value() {
            $provider = $provider.with_audience_claim(claim);
        }
        for required in block
            .require_claims
            .value()
            .into_iter()
            .flat_map(|list| &list.0)
        {
            let required = &required.value;
            if let (Some(claim), Some(value)) = (required.claim.value(), required.value.value()) {
                $provider = $provider.require_claim(&claim.0, value.0.clone());
            }
        }
        for scope in block
            .require_scopes
            .value()
            .into_iter()
            .flat_map(|list| &list.0)
        {
            $provider = $provider.require_scope(scope);
        }
        for typ in block
            .accept_typ
            .value()
            .into_iter()
            .flat_map(|list| &list.0)
        {
            $provider = $provider.accept_typ(typ);
        }
        $crate::config::build::claims::set_user_and_scopes!($provider, block);
    };
}
pub(super) use set_claims;

/// Sets what every block says about claims.
macro_rules! set_user_and_scopes {
    ($provider:ident, $block:expr) => {
        let block = $block;
        if let Some(claim) = block.scope_claim.value() {
            $provider = $provider.with_scope_claim(&claim.0);
        }
        if let Some(claims) = block.user_id_claim.value() {
            $provider = $provider.with_user_id_claims(claims.paths());
        }
        if block.insecure_unverified_email.value() == Some(&true) {
            $provider = $provider.insecure_unverified_email();
        }
        if block.insecure_ignore_confirmation.value() == Some(&true) {
            $provider = $provider.insecure_ignore_confirmation();
        }
    };
}
pub(super) use set_user_and_scopes;

impl Builder<'_> {
    /// Tells what is weak in what a block says about claims.
    pub(super) fn weak_claims<'b>(&mut self, block: impl Into<WeakClaims<'b>>, place: &Place) {
        for sentence in block.into().sentences(place) {
            self.weak(sentence);
        }
    }
}

/// What is weak in what a block says about claims, a sentence each.
pub(super) struct WeakClaims<'a> {
    unverified_email: &'a Slot<bool>,
    ignore_confirmation: &'a Slot<bool>,
    /// Whether a claim stands for `aud` and nothing else tells whom a token is for.
    has_lone_audience_claim: bool,
}

impl WeakClaims<'_> {
    fn sentences(&self, place: &Place) -> impl Iterator<Item = String> + use<> {
        let is_set = |flag: &Slot<bool>| flag.value() == Some(&true);
        let weak = [
            (
                is_set(self.unverified_email),
                "takes an email for a user id though nobody verified it",
            ),
            (
                is_set(self.ignore_confirmation),
                "accepts tokens that are bound to a key without a proof that the caller has it",
            ),
            (
                self.has_lone_audience_claim,
                "has an audience_claim, which says who got a token and not whom it is for: require \
                 the claim token_use to be access, or a scope of this service",
            ),
        ];
        let path = place.path.to_string();
        weak.into_iter()
            .filter(|(is_weak, _)| *is_weak)
            .map(move |(_, what)| format!("{path} {what}"))
    }
}

impl<'a> From<&'a Introspection> for WeakClaims<'a> {
    fn from(block: &'a Introspection) -> Self {
        Self {
            unverified_email: &block.insecure_unverified_email,
            ignore_confirmation: &block.insecure_ignore_confirmation,
            has_lone_audience_claim: false,
        }
    }
}

macro_rules! weak_claims_of {
    ($block:ident) => {
        impl<'a> From<&'a $block> for WeakClaims<'a> {
            fn from(block: &'a $block) -> Self {
                let required = block.require_claims.value().into_iter();
                let mut required = required.flat_map(|list| &list.0).map(|spot| &spot.value);
                let is_access = |one: &RequiredClaim| {
                    let claim = one.claim.value().map(|claim| claim.0.as_str());
                    let value = one.value.value().map(|value| value.0.to_string());
                    claim == Some("token_use") && value.as_deref() == Some("access")
                };
                Self {
                    unverified_email: &block.insecure_unverified_email,
                    ignore_confirmation: &block.insecure_ignore_confirmation,
                    has_lone_audience_claim: !block.audience_claim.is_absent()
                        && block.require_scopes.is_absent()
                        && !required.any(is_access),
                }
            }
        }
    };
}
weak_claims_of!(Jwt);
weak_claims_of!(OAuth2);
