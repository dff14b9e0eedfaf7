//! What an accepted caller is held to before it goes in: the limit and the cost of its credential, and
//! the limits of the layer [12.3], [14.3].

use std::sync::Arc;

use http::{Extensions, HeaderMap, HeaderValue, Request};

use crate::{
    answer::{self, Answer, Check},
    context::{AuthContext, Charge, Standing},
    error::AuthError,
    provider::authentication::AuthResult,
    refusal::{RATE_LIMIT, RATE_LIMIT_POLICY, rate_limit, rate_limit_policy, whole_seconds},
    requests::{Admitted, Requests, Stopped, Waiting},
    shared::gcra::Rate,
};

/// What a request has been counted and has paid for, in its extensions: a layer within another asks for
/// nothing again.
///
/// Its type is private to this module, so that nobody else can say that something is paid.
#[derive(Clone, Default)]
struct Paid(Vec<Arc<dyn Charge>>);

/// What the limits say about a request that goes in.
#[derive(Default)]
pub(super) struct Held {
    /// What is left of the credential's own limit.
    standing: Option<Standing>,
    pub(super) admitted: Option<Admitted>,
}

impl Held {
    /// Counts a request where nobody is asked who is calling.
    #[inline(never)]
    pub(super) fn without_caller<B>(
        requests: &Requests,
        request: &Request<B>,
    ) -> Result<Self, Stopped> {
        requests.admit(request, None).map(Self::within)
    }

    /// What a layer's own limits say.
    pub(super) fn within(admitted: Admitted) -> Self {
        Self {
            standing: None,
            admitted: Some(admitted),
        }
    }

    #[inline]
    pub(super) fn is_nothing(&self) -> bool {
        self.standing.is_none() && self.admitted.is_none()
    }

    /// Tells of the credential's own limit, beside those that inner layers told of.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Some(standing) = self.standing else {
            return;
        };
        let (requests, seconds) = (standing.requests, standing.seconds);
        let interval = Rate::new(requests, seconds, requests).interval();
        let after = whole_seconds(interval);
        if let Some(value) = rate_limit(Standing::NAME, standing.remaining, after) {
            headers.append(RATE_LIMIT, value);
        }
        let policy = rate_limit_policy(Standing::NAME, requests, seconds);
        if let Ok(value) = HeaderValue::try_from(policy) {
            headers.append(RATE_LIMIT_POLICY, value);
        }
    }
}

/// What stands between an answer and its caller.
pub(super) enum Due {
    /// Nothing more.
    Answered(AuthResult, Held),
    /// A caller who is beyond a limit.
    Refused(AuthError, AuthContext),
    /// A payment: it answers with the caller where it succeeds, and with its refusal where not.
    Payment(Check<AuthResult>, Held, AuthContext),
    /// Other processes count the request of the caller.
    Count(Box<Waiting>, Box<CallerCount>),
}

/// A caller whose request other processes count, and what its credential is held to.
pub(super) struct CallerCount {
    context: AuthContext,
    charge: Option<Arc<dyn Charge>>,
    standing: Option<Standing>,
}

/// Counts a request of an accepted caller, and then begins to pay for it, if it costs something: what is
/// refused for a limit costs nothing.
#[inline]
pub(super) fn due<B>(
    answer: AuthResult,
    requests: Option<&Requests>,
    request: &mut Request<B>,
) -> Due {
    match answer {
        Ok(Some(context)) if requests.is_some() || context.owes() => {
            due_of(context, requests, request)
        }
        answer => Due::Answered(answer, Held::default()),
    }
}

#[inline(never)]
fn due_of<B>(
    mut context: AuthContext,
    requests: Option<&Requests>,
    request: &mut Request<B>,
) -> Due {
    let charge = context.own_charge().cloned();
    let charge = charge.filter(|charge| !is_paid(charge, request.extensions()));
    let mut held = Held::default();
    if let Some(charge) = &charge {
        held.standing = match charge.admit() {
            Ok(standing) => standing,
            Err(error) => return Due::Refused(error.at_provider(context.method()), context),
        };
    }
    if let Some(requests) = requests {
        match requests.admit(request, Some(&context)) {
            Ok(admitted) => {
                requests.meter(&admitted, &mut context);
                held.admitted = Some(admitted);
            }
            Err(Stopped::Refused(error)) => return beyond(error, context, charge.as_ref()),
            Err(Stopped::Waiting(waiting)) => {
                let count = CallerCount {
                    context,
                    charge,
                    standing: held.standing,
                };
                return Due::Count(waiting, Box::new(count));
            }
        }
    }
    pay(context, charge, held, request)
}

/// What stands between a caller and its answer after other processes have counted its request.
pub(super) fn counted<B>(
    counted: Result<Admitted, AuthError>,
    of: CallerCount,
    requests: &Requests,
    request: &mut Request<B>,
) -> Due {
    let CallerCount {
        mut context,
        charge,
        standing,
    } = of;
    match counted {
        Ok(admitted) => {
            requests.meter(&admitted, &mut context);
            let admitted = Some(admitted);
            pay(context, charge, Held { standing, admitted }, request)
        }
        Err(error) => beyond(error, context, charge.as_ref()),
    }
}

/// The refusal of a request beyond a limit: its credential's own limit does not count it.
fn beyond(error: AuthError, context: AuthContext, charge: Option<&Arc<dyn Charge>>) -> Due {
    if let Some(charge) = charge {
        charge.give_back();
    }
    Due::Refused(error, context)
}

/// Begins to pay for a request within its limits, if it costs something.
#[inline]
fn pay<B>(
    context: AuthContext,
    charge: Option<Arc<dyn Charge>>,
    held: Held,
    request: &mut Request<B>,
) -> Due {
    let Some(charge) = charge else {
        return Due::Answered(Ok(Some(context)), held);
    };
    match charge.pay() {
        None => {
            if held.standing.is_some() {
                note(&charge, request.extensions_mut());
            }
            Due::Answered(Ok(Some(context)), held)
        }
        Some(payment) => {
            let payer = context.clone();
            let question = || Answer::pending(async move { payment.await.map(|()| Some(context)) });
            Due::Payment(answer::ask(|| "", question).into_check(), held, payer)
        }
    }
}

fn is_paid(charge: &Arc<dyn Charge>, extensions: &Extensions) -> bool {
    let paid = extensions.get::<Paid>();
    paid.is_some_and(|paid| {
        let mut paid = paid.0.iter();
        paid.any(|paid| paid.credential() == charge.credential())
    })
}

/// Notes that a caller's request is counted and paid for.
pub(super) fn note_payment(answer: &AuthResult, extensions: &mut Extensions) {
    if let Ok(Some(context)) = answer
        && let Some(charge) = context.own_charge()
    {
        note(charge, extensions);
    }
}

fn note(charge: &Arc<dyn Charge>, extensions: &mut Extensions) {
    let paid: &mut Paid = extensions.get_or_insert_default();
    paid.0.push(Arc::clone(charge));
}
