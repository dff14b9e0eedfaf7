//! Going on with a request that had to wait.

use http::Request;

use super::{
    core::{Core, Decision},
    held::{self, Held},
    pending::{Question, Requester, Waited},
};
use crate::{access, error::AuthError, event, requests::Admitted};

impl Core {
    /// Decides, as far as that can be done at once, by what has been waited for.
    pub(super) fn resume<B>(
        &self,
        waited: Waited,
        question: &Question,
        request: &mut Request<B>,
    ) -> Decision {
        let (provider, optional) = (&question.provider, question.optional);
        match waited {
            Waited::Attempt(Ok(attempt)) => self.ask(Some(attempt), provider, optional, request),
            Waited::Attempt(Err(error)) => Decision::Refuse(self.refuse(&error, provider, request)),
            Waited::Answer(answer, attempt) => {
                self.answered(answer, attempt, provider, optional, request)
            }
            Waited::Judged(answer, attempt) => {
                self.judged(answer, attempt, provider, optional, request)
            }
            Waited::Payment(Err(error), _, payer) => {
                Decision::Refuse(self.refuse_caller(&error, &payer, provider, request))
            }
            Waited::Payment(answer, held, _) => {
                held::note_payment(&answer, request.extensions_mut());
                self.settle(answer, held, provider, optional, request)
            }
            Waited::Count(counted, requester) => {
                self.settle_count(counted, requester, question, request)
            }
        }
    }

    /// Decides by the count of other processes.
    fn settle_count<B>(
        &self,
        counted: Result<Admitted, AuthError>,
        requester: Requester,
        question: &Question,
        request: &mut Request<B>,
    ) -> Decision {
        let (provider, optional) = (&question.provider, question.optional);
        match (requester, counted, &self.requests) {
            (Requester::Caller(count), counted, Some(requests)) => {
                let due = held::counted(counted, *count, requests, request);
                self.settle_due(due, provider, optional, request)
            }
            (requester, Ok(admitted), _) => {
                let held = Held::within(admitted);
                match requester {
                    Requester::Anonymous => self.enter_anonymously(held, provider, request),
                    Requester::Nobody(outcome) => {
                        event::passed(outcome, access::about(request));
                        Decision::Enter(None, held)
                    }
                    Requester::Caller(_) => Decision::Enter(None, held),
                }
            }
            (_, Err(error), _) => Decision::Refuse(self.refuse(&error, provider, request)),
        }
    }
}
