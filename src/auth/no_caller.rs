//! Requests that go in without a caller: where nobody is asked, or nobody has to answer.

use std::sync::Arc;

use http::Request;

use super::{
    core::{Core, Decision},
    held::Held,
    pending::{Question, Requester, Wait},
    screened::ScreenedProvider,
};
use crate::{access, event, observe::Outcome, requests::Stopped};

impl Core {
    /// Lets a request in where nobody is asked who is calling.
    pub(super) fn enter_without_caller<B>(
        &self,
        outcome: Outcome,
        request: &Request<B>,
    ) -> Decision {
        match self.count_without_caller(request) {
            Ok(held) => {
                event::passed(outcome, access::about(request));
                Decision::Enter(None, held)
            }
            Err(stopped) => {
                let requester = Requester::Nobody(outcome);
                self.stop(stopped, &self.provider, requester, request)
            }
        }
    }

    #[inline]
    pub(super) fn count_without_caller<B>(&self, request: &Request<B>) -> Result<Held, Stopped> {
        match &self.requests {
            None => Ok(Held::default()),
            Some(requests) => Held::without_caller(requests, request),
        }
    }

    /// Refuses a request without a caller, or waits for other processes to count it.
    pub(super) fn stop<B>(
        &self,
        stopped: Stopped,
        provider: &Arc<ScreenedProvider>,
        requester: Requester,
        request: &Request<B>,
    ) -> Decision {
        match stopped {
            Stopped::Refused(error) => Decision::Refuse(self.refuse(&error, provider, request)),
            Stopped::Waiting(waiting) => {
                let question = Question::new(provider, true);
                Decision::Wait(question.waits_for(Wait::Count(waiting, requester)))
            }
        }
    }

    /// Lets somebody without a credential in.
    pub(super) fn enter_anonymously<B>(
        &self,
        held: Held,
        provider: &ScreenedProvider,
        request: &Request<B>,
    ) -> Decision {
        match event::anonymous(access::about(request)) {
            Ok(()) => Decision::Enter(None, held),
            Err(error) => Decision::Refuse(self.refuse(&error, provider, request)),
        }
    }
}
