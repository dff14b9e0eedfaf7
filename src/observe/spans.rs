//! Decisions on the spans of `tracing`.

use tracing::{Span, field::display};

use super::{contract::Observer, decision::Decision, outcome::Outcome};
use crate::log::{Clean, clean};

/// Records decisions on the current span, for the fields that it declares.
pub(super) struct Spans;

impl Observer for Spans {
    fn observe(&self, decision: &Decision<'_>) -> bool {
        let span = Span::current();
        if span.is_none() || span.is_disabled() {
            return true;
        }
        span.record("tower_auth.outcome", decision.outcome().as_str());
        if let Some(provider) = decision.provider() {
            span.record("tower_auth.provider", provider);
        }
        if let Some(code) = decision.code() {
            span.record("tower_auth.code", code);
        }
        if let Some(reason) = decision.reason() {
            span.record("tower_auth.reason", display(Clean(reason)));
        }
        if let Some(caller) = decision.caller() {
            span.record("tower_auth.user_id", display(Clean(caller.user_id())));
        }
        if let Some(key) = clean(decision.key()) {
            span.record("tower_auth.key", key);
        }
        if let Some(id) = clean(decision.token_id()) {
            span.record("tower_auth.token_id", id);
        }
        if decision.outcome() == Outcome::Accepted {
            span.record("tower_auth.remembered", decision.is_remembered());
        }
        true
    }
}
