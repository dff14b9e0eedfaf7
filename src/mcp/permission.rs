//! All that the messages of one request need, and whether the caller has it.

use std::borrow::Cow;

use super::{
    fault::NAME,
    message::{Item, Kind},
    rules::Need,
};
use crate::{
    authorize::{Authorizer, CheckFuture, escape_id, holds},
    context::AuthContext,
    error::AuthError,
};

/// What the messages of one request need.
pub(super) struct Permissions<'a> {
    /// The scopes that every request needs.
    session: &'a [Box<str>],
    needs: Vec<(&'a Need, Wanted<'a>)>,
}

/// What a message is about, as an authorizer is asked and as the log shows it.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    kind: &'static str,
    name: &'a str,
    action: &'static str,
    method: &'a str,
}

impl<'a> Wanted<'a> {
    pub(super) fn method(method: &'a str) -> Self {
        Self {
            kind: "method",
            name: method,
            action: "call",
            method,
        }
    }

    pub(super) fn item(item: &'a Item<'_>, method: &'a str) -> Self {
        let (kind, action) = match item.kind {
            Kind::Tool => ("tool", "call"),
            Kind::Resource => ("resource", "read"),
            Kind::Prompt => ("prompt", "get"),
        };
        Self {
            kind,
            name: &item.name,
            action,
            method,
        }
    }

    fn ask(self, authorizer: &dyn Authorizer, caller: &AuthContext) -> CheckFuture {
        let name: Cow<'_, str> = escape_id(self.name);
        authorizer.check(caller, &format!("{}:{name}", self.kind), self.action)
    }
}

impl<'a> Permissions<'a> {
    pub(super) fn new(session: &'a [Box<str>]) -> Self {
        Self {
            session,
            needs: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, need: &'a Need, wanted: Wanted<'a>) {
        self.needs.push((need, wanted));
    }

    /// The name and the method that the log shows: of the first message, what it names rather than how it is called.
    pub(super) fn shown(&self) -> (Option<&'a str>, Option<&'a str>) {
        let named = self
            .needs
            .iter()
            .find(|(_, wanted)| wanted.kind != "method");
        let method = self.needs.first().map(|(_, wanted)| wanted.method);
        (named.map(|(_, wanted)| wanted.name), method)
    }

    /// Refuses a caller who lacks a scope, and names all that are needed.
    pub(super) fn check_scopes(
        &self,
        caller: &AuthContext,
        hierarchical: bool,
    ) -> Result<(), AuthError> {
        let is_held = |scope: &str| holds(caller.scopes(), scope, hierarchical);
        if self.scopes().all(is_held) {
            return Ok(());
        }
        let mut wanted: Vec<&str> = Vec::new();
        for scope in self.scopes() {
            if !wanted.contains(&scope) {
                wanted.push(scope);
            }
        }
        Err(AuthError::insufficient_scope(wanted.join(" ")).at_provider(NAME))
    }

    fn scopes(&self) -> impl Iterator<Item = &'a str> {
        let needed = self.needs.iter().filter_map(|(need, _)| match need {
            Need::Scopes(scopes) => Some(scopes.iter()),
            Need::Caller | Need::Permission(_) => None,
        });
        let scopes = self.session.iter().chain(needed.flatten());
        scopes.map(|scope| &**scope)
    }

    /// Asks every authorizer. The answers are taken from the end, so the first question stands there.
    pub(super) fn ask(&self, caller: &AuthContext) -> Vec<CheckFuture> {
        let asked = self.needs.iter().filter_map(|(need, wanted)| match need {
            Need::Permission(authorizer) => Some(wanted.ask(authorizer, caller)),
            Need::Caller | Need::Scopes(_) => None,
        });
        asked.rev().collect()
    }
}
