//! What every provider of tokens is told about them.

use std::time::Duration;

use super::assembly::Assembly;
use crate::config::{
    fault::Place,
    read::{RequiredClaim, Seconds, Slot},
    shape::tokens::{JwtRules, TokenRules},
};

/// A provider with what a block says of tokens of every kind, or why it cannot be so.
macro_rules! with_token_rules {
    ($provider:expr, $rules:expr) => {{
        let (mut provider, rules) = ($provider, $rules);
        if let Some(claim) = rules.scope_claim.value() {
            provider = provider.with_scope_claim(&claim.0);
        }
        if let Some(claims) = rules.user_id_claim.value() {
            provider = provider.with_user_id_claims(claims.paths());
        }
        if let Some(scopes) = rules.granted_scopes.texts() {
            provider = provider.with_granted_scopes(scopes);
        }
        if let Some(roles) = rules.granted_roles.texts() {
            provider = provider.with_granted_roles(roles);
        }
        if rules.insecure_unverified_email.is_true() {
            provider = provider.insecure_unverified_email();
        }
        if rules.insecure_ignore_confirmation.is_true() {
            provider = provider.insecure_ignore_confirmation();
        }
        match rules.clock_skew_seconds.value() {
            Some(skew) => provider.with_leeway(::std::time::Duration::from_secs(skew.0)),
            None => Ok(provider),
        }
    }};
}
pub(super) use with_token_rules;

/// A provider with what a block says of JSON Web Tokens, or why it cannot be so.
macro_rules! with_jwt_rules {
    ($provider:expr, $rules:expr) => {{
        let (mut provider, rules) = ($provider, $rules);
        if let Some(claim) = rules.audience_claim.value() {
            provider = provider.with_audience_claim(claim);
        }
        for required in rules.required_claims() {
            if let (Some(claim), Some(value)) = (required.claim.value(), required.value.value()) {
                provider = provider.require_claim(&claim.0, value.0.clone());
            }
        }
        for scope in rules
            .require_scopes
            .value()
            .into_iter()
            .flat_map(|list| &list.0)
        {
            provider = provider.require_scope(scope);
        }
        for typ in rules
            .accept_typ
            .value()
            .into_iter()
            .flat_map(|list| &list.0)
        {
            provider = provider.accept_typ(typ);
        }
        $crate::config::assemble::claims::with_token_rules!(provider, &rules.every)
    }};
}
pub(super) use with_jwt_rules;

impl Assembly<'_> {
    /// Tells what is wrong in what a block says of its tokens, and notes what is weak. Whether
    /// nothing is wrong.
    pub(super) fn check_token_rules(&mut self, rules: &TokenRules, place: &Place) -> bool {
        let before = self.faults.len();
        self.leeway(&rules.clock_skew_seconds);
        for scope in rules.granted_scopes.value().into_iter().flatten() {
            self.check_scope(scope);
        }
        for (is_weak, what) in [
            (
                &rules.insecure_unverified_email,
                "takes an email for a user id though nobody verified it",
            ),
            (
                &rules.insecure_ignore_confirmation,
                "accepts tokens that are bound to a key without a proof that the caller has it",
            ),
        ] {
            if is_weak.is_true() {
                self.weak(format!("{} {what}", place.path));
            }
        }
        self.faults.len() == before
    }

    /// Like [`check_token_rules`](Self::check_token_rules), for JSON Web Tokens.
    pub(super) fn check_jwt_rules(&mut self, rules: &JwtRules, place: &Place) -> bool {
        let is_right = self.check_token_rules(&rules.every, place);
        let is_access = |one: &RequiredClaim| {
            let claim = one.claim.value().map(|claim| claim.0.as_str());
            let value = one.value.value().map(|value| value.0.to_string());
            claim == Some("token_use") && value.as_deref() == Some("access")
        };
        if !rules.audience_claim.is_absent()
            && rules.require_scopes.is_absent()
            && !rules.required_claims().any(is_access)
        {
            self.weak(format!(
                "{} has an audience_claim, which says who got a token and not whom it is for: \
                 require the claim token_use to be access, or a scope of this service",
                place.path
            ));
        }
        is_right
    }

    /// How far the clocks may differ, where that is said.
    pub(super) fn leeway(&mut self, skew: &Slot<Seconds>) -> Option<Duration> {
        let located = skew.present()?;
        if located.value.0 > LONGEST_SKEW {
            let message = format!(
                "the clocks may differ by {LONGEST_SKEW} seconds at most: write less, and set the \
                 clocks right"
            );
            self.malformed(&located.place, message);
            return None;
        }
        Some(Duration::from_secs(located.value.0))
    }

    pub(super) fn weak(&mut self, what: impl Into<String>) {
        self.summary.weak.push(what.into());
    }
}

impl JwtRules {
    pub(super) fn required_claims(&self) -> impl Iterator<Item = &RequiredClaim> {
        let list = self.require_claims.value().into_iter();
        list.flat_map(|list| &list.0).map(|located| &located.value)
    }
}

/// In seconds.
const LONGEST_SKEW: u64 = 300;
