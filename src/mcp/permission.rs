//! All that the messages of one request need, and whether the caller has it.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use super::{
    fault::{Fault, NAME},
    message::{Item, Kind},
    rules::Need,
};
use crate::{
    authorize::{Authorizer, CheckFuture, escape_id, holds},
    context::AuthContext,
    error::AuthError,
    event,
    observe::{About, Outcome, Told, tell},
};

/// What the messages of one request need.
pub(super) struct Permissions<'a> {
    /// The scopes that every request needs.
    session: &'a [Box<str>],
    needs: Vec<(&'a Need, Wanted<'a>)>,
}

/// What a message is about, as an authorizer is asked and as the log shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted<'a> {
    kind: &'static str,
    name: &'a str,
    action: &'static str,
    method: &'a str,
}

impl<'a> Wanted<'a> {
    pub(super) fn method(method: &'a str) -> Self {
        Self {
            kind: METHOD,
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

    fn is_method(&self) -> bool {
        self.kind == METHOD
    }

    fn to_held(self) -> HeldScope {
        HeldScope {
            kind: self.kind,
            name: self.name.into(),
            action: self.action,
            method: self.method.into(),
        }
    }

    fn resource(&self) -> Box<str> {
        let name: Cow<'_, str> = escape_id(self.name);
        format!("{}:{name}", self.kind).into()
    }
}

/// A [`Wanted`] that outlives its request.
struct HeldScope {
    kind: &'static str,
    name: Box<str>,
    action: &'static str,
    method: Box<str>,
}

impl HeldScope {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            kind: self.kind,
            name: &self.name,
            action: self.action,
            method: &self.method,
        }
    }
}

/// What a caller asks for, as the log shows it.
pub(super) fn asked<'a>(
    caller: &'a AuthContext,
    wanted: Option<Wanted<'a>>,
) -> event::Permission<'a> {
    let item = wanted.filter(|wanted| !wanted.is_method());
    event::Permission {
        user_id: Some(caller.user_id()),
        resource: item.map(|item| item.name),
        action: wanted.map(|wanted| wanted.method),
        ..event::Permission::default()
    }
}

impl<'a> Permissions<'a> {
    pub(super) fn new(session: &'a [Box<str>]) -> Self {
        Self {
            session,
            needs: Vec::new(),
        }
    }

    /// Adds what a message needs, once for all messages that need the same.
    pub(super) fn add(&mut self, need: &'a Need, wanted: Wanted<'a>) -> Result<(), Fault> {
        if self.needs.iter().any(|(_, known)| *known == wanted) {
            return Ok(());
        }
        // Each of them may be a question to a database, and is a line in the log.
        if self.needs.len() >= MOST_NEEDS {
            return Err(Fault::invalid(
                "too_many_names",
                "a request names too many different things: send several",
            ));
        }
        self.needs.push((need, wanted));
        Ok(())
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

    /// What a request that lacks no scope is about: each thing that a message names, else each method. Authorizers
    /// tell their answers themselves.
    pub(super) fn allowed(&self) -> impl Iterator<Item = Wanted<'a>> {
        let names_items = self.needs.iter().any(|(_, wanted)| !wanted.is_method());
        let allowed = self.needs.iter().filter(move |(need, wanted)| match need {
            Need::Permission(_) => false,
            Need::Caller | Need::Scopes(_) => !(names_items && wanted.is_method()),
        });
        allowed.map(|(_, wanted)| *wanted)
    }

    /// What a caller lacks scopes for, beside those that every request needs.
    pub(super) fn lacking(
        &self,
        caller: &AuthContext,
        hierarchical: bool,
    ) -> impl Iterator<Item = Wanted<'a>> {
        let lacking = self.needs.iter().filter(move |(need, _)| match need {
            Need::Scopes(scopes) => {
                let is_held = |scope: &str| holds(caller.scopes(), scope, hierarchical);
                !scopes.iter().map(|scope| &**scope).all(is_held)
            }
            Need::Caller | Need::Permission(_) => false,
        });
        lacking.map(|(_, wanted)| *wanted)
    }

    /// The questions to authorizers; nothing where there are none.
    pub(super) fn questions(&self, caller: &AuthContext) -> Option<Questions> {
        let questions = self.needs.iter().filter_map(|(need, wanted)| match need {
            Need::Permission(authorizer) => Some(Question {
                authorizer: Arc::clone(authorizer),
                resource: wanted.resource(),
                action: wanted.action,
            }),
            Need::Caller | Need::Scopes(_) => None,
        });
        let questions: Vec<Question> = questions.collect();
        (!questions.is_empty()).then(|| Questions {
            caller: caller.clone(),
            held: self.allowed().map(|wanted| wanted.to_held()).collect(),
            asked: None,
            told: Vec::new(),
            left: questions.into_iter(),
        })
    }
}

struct Question {
    authorizer: Arc<dyn Authorizer>,
    resource: Box<str>,
    action: &'static str,
}

/// Questions to authorizers, one after the other: the next one is asked when the last one was answered with a yes.
pub(super) struct Questions {
    caller: AuthContext,
    /// What the caller has the scopes for: it is allowed where the answers allow the rest.
    held: Vec<HeldScope>,
    asked: Option<CheckFuture>,
    /// The resources and actions that were asked about.
    told: Vec<(Box<str>, &'static str)>,
    left: vec::IntoIter<Question>,
}

impl Questions {
    /// Tells observers of the answers, which the log has already: of a refused request that it was, and not what was
    /// allowed before. What needed no answer is told of where the request is allowed.
    pub(super) fn tell(&self, answer: &Result<(), AuthError>, about: About<'_>) {
        let held = self.held.iter().filter(|_| answer.is_ok());
        for wanted in held.map(HeldScope::wanted) {
            event::authorized(&Ok(()), asked(&self.caller, Some(wanted)), about);
        }
        let last = self.told.len().saturating_sub(1);
        let (told, first) = match answer {
            Ok(()) => (Told::new(Outcome::Allowed), 0),
            Err(error) => (Told::refused(error), last),
        };
        for (resource, action) in self.told.iter().skip(first) {
            tell(about, || Told {
                caller: Some(&self.caller),
                resource: Some(resource),
                action: Some(action),
                ..told
            });
        }
    }
}

impl Future for Questions {
    type Output = Result<(), AuthError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            if let Some(asked) = &mut this.asked {
                let answer = ready!(Pin::new(asked).poll(cx));
                this.asked = None;
                if answer.is_err() {
                    return Poll::Ready(answer);
                }
            }
            let Some(next) = this.left.next() else {
                return Poll::Ready(Ok(()));
            };
            let check = next
                .authorizer
                .check(&this.caller, &next.resource, next.action);
            this.asked = Some(check);
            this.told.push((next.resource, next.action));
        }
    }
}

const METHOD: &str = "method";
const MOST_NEEDS: usize = 200;
