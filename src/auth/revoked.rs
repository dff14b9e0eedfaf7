//! The order of what a layer asks once a provider has answered: whether the caller was revoked comes before
//! the limits and the credits [12.3].

use std::sync::Arc;

use super::after::AfterProvider;
use crate::{
    answer::{self, Answer, Asked, Check},
    context::AuthContext,
    error::AuthError,
    provider::authentication::AuthResult,
};

/// Asks about a caller whom the provider accepted; other answers stay as they are.
#[inline]
pub(super) fn judge(
    answer: AuthResult,
    after: Option<&Arc<dyn AfterProvider>>,
) -> Asked<AuthResult> {
    match (answer, after) {
        (Ok(Some(caller)), Some(after)) => judge_caller(caller, after),
        (answer, _) => Asked::Answered(answer),
    }
}

#[inline(never)]
fn judge_caller(caller: AuthContext, after: &Arc<dyn AfterProvider>) -> Asked<AuthResult> {
    let method = caller.method();
    let answered = move |judged: Result<(), AuthError>, caller: AuthContext| match judged {
        Ok(()) => Ok(Some(caller)),
        Err(error) => Err(error.at_provider(method)),
    };
    match after.judge(&caller) {
        Answer::Ready(judged) => Asked::Answered(answered(judged, caller)),
        Answer::Pending(waiting) => {
            let question = || Answer::pending(async move { answered(waiting.await, caller) });
            let check: Check<AuthResult> = answer::ask(|| "", question).into_check();
            Asked::Waiting(check)
        }
    }
}
