//! Paying for a request, once [12.3].

use std::sync::Arc;

use http::Extensions;

use crate::{
    answer::{self, Answer, Check},
    context::{AuthContext, Charge},
    provider::authentication::AuthResult,
};

/// What a request has paid for, in its extensions: a layer within another asks for nothing again.
///
/// Its type is private to this module, so that nobody else can say that something is paid.
#[derive(Clone, Default)]
struct Paid(Vec<Arc<dyn Charge>>);

/// The payment that stands between an answer and its caller, if one does: it answers with the caller
/// where it succeeds, and with its refusal where not.
#[inline]
pub(super) fn due(answer: &AuthResult, extensions: &Extensions) -> Option<Check<AuthResult>> {
    let context = answer.as_ref().ok()?.as_ref()?;
    let charge = context.charge()?;
    charge_for(charge, context, extensions)
}

#[inline(never)]
fn charge_for(
    charge: &Arc<dyn Charge>,
    context: &AuthContext,
    extensions: &Extensions,
) -> Option<Check<AuthResult>> {
    let is_it = |paid: &Arc<dyn Charge>| paid.credential() == charge.credential();
    if extensions
        .get::<Paid>()
        .is_some_and(|paid| paid.0.iter().any(is_it))
    {
        return None;
    }
    let payment = charge.pay()?;
    let context = context.clone();
    let question = || Answer::pending(async move { payment.await.map(|()| Some(context)) });
    Some(answer::ask(|| "", question).into_check())
}

/// Notes that a caller's request is paid for.
pub(super) fn note(answer: &AuthResult, extensions: &mut Extensions) {
    if let Ok(Some(context)) = answer
        && let Some(charge) = context.charge()
    {
        let paid: &mut Paid = extensions.get_or_insert_default();
        paid.0.push(Arc::clone(charge));
    }
}
