//! The lines of the file.

use std::fmt::{self, Write};

use super::text::push_string;
use crate::{clock::Clock, context::AuthContext, date, observe::Decision};

/// A line that is being written: a JSON object.
pub(crate) struct Line(String);

impl Line {
    pub(crate) fn new(event: &'static str) -> Self {
        let mut line = Self(String::with_capacity(USUAL));
        line.0.push_str("{\"at\":\"");
        let _ = write!(line.0, "{}", Now(Clock::SYSTEM.now_millis()));
        line.0.push('"');
        line.text("event", Some(event));
        line
    }

    /// A decision.
    pub(super) fn of(decision: &Decision<'_>) -> Self {
        let caller = decision.caller();
        let principal = decision.principal();
        let mut line = Self::new("decision");
        line.text("outcome", Some(decision.outcome().as_str()));
        line.text("method", decision.method().map(http::Method::as_str));
        line.text("path", decision.path());
        line.text("auth_method", caller.map(AuthContext::method));
        line.text("source", principal.as_ref().and_then(|one| one.source()));
        line.text("user_id", caller.map(AuthContext::user_id));
        line.text("key", decision.key());
        line.text("token_id", decision.token_id());
        line.text("provider", decision.provider());
        line.text("code", decision.code());
        line.text("reason", decision.reason());
        line.text("resource", decision.resource());
        line.text("action", decision.action());
        if decision.others() > 0 {
            line.number("others", decision.others() as u128);
        }
        line.text("request_id", decision.request_id());
        line.text("trace_id", decision.trace_id());
        line.number("duration_us", decision.duration().as_micros());
        if decision.is_remembered() {
            line.0.push_str(",\"remembered\":true");
        }
        line
    }

    /// Adds a member, if there is one.
    pub(crate) fn text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            push_string(&mut self.0, text);
        }
    }

    pub(crate) fn number(&mut self, name: &'static str, number: u128) {
        self.name(name);
        let _ = write!(self.0, "{number}");
    }

    /// Adds numbers, by their names.
    pub(super) fn numbers(&mut self, name: &'static str, numbers: &[(&'static str, u64)]) {
        self.name(name);
        self.0.push('{');
        for (at, (name, number)) in numbers.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            push_string(&mut self.0, name);
            let _ = write!(self.0, ":{number}");
        }
        self.0.push('}');
    }

    fn name(&mut self, name: &'static str) {
        self.0.push_str(",\"");
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    pub(super) fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }
}

struct Now(u64);

impl fmt::Display for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        date::write(self.0, f)
    }
}

const USUAL: usize = 512;
