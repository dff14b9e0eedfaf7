//! The settings and rules of a layer, shared by all its services and futures.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, header};

use super::{
    after::AfterProvider,
    held::{self, Due, Held},
    judged,
    pending::{PendingDecision, Question, Requester, Wait},
    places::Places,
    resource::Resource,
    revoked,
    screened::ScreenedProvider,
};
use crate::{
    access::{self, Route, Rules},
    answer::Asked,
    attempts::{self, Attempt, Attempts},
    body::EndsStreams,
    context::{AuthContext, Revoker},
    error::AuthError,
    event,
    observe::{Observers, Outcome},
    provider::{PrincipalSources, authentication::AuthResult},
    proxies::TrustedProxies,
    refusal::{OnRefusal, Realm, add_grpc_status, keep_headers, mark_worded},
    request::AuthRequest,
    requests::Requests,
};

#[derive(Clone)]
pub(super) struct Core {
    pub(super) provider: Arc<ScreenedProvider>,
    pub(super) rules: Rules<Admission>,
    /// Of every provider, for whatever path.
    pub(super) principals: PrincipalSources,
    pub(super) places: Places,
    pub(super) realm: Realm,
    pub(super) max_credential_len: usize,
    pub(super) hide_credentials: bool,
    pub(super) pass_preflight: bool,
    pub(super) disabled: bool,
    /// Whether a caller who was let in is told to layers outside.
    pub(super) report_caller: bool,
    /// Whether the body of a response ends with the credential of the caller.
    pub(super) end_streams: bool,
    pub(super) on_refusal: Option<OnRefusal>,
    /// What is asked about every accepted caller.
    pub(super) after: Option<Arc<dyn AfterProvider>>,
    /// What the bodies and handlers of those callers are told by.
    pub(super) revoker: Option<Arc<Revoker>>,
    pub(super) attempts: Option<Attempts>,
    pub(super) proxies: Option<TrustedProxies>,
    pub(super) requests: Option<Requests>,
    pub(super) resource: Resource,
    /// Who is told of the decisions here and further in.
    pub(super) observers: Option<Arc<Observers>>,
}

/// A path rule with its provider ready to be asked.
#[derive(Clone)]
pub(super) enum Admission {
    Public,
    Optional,
    Required,
    Provider(Arc<ScreenedProvider>),
}

/// The decision about a request, as far as it can be made at once.
pub(super) enum Decision {
    /// It may go in. A context with response headers is kept for the answer, and so is what the limits
    /// say.
    Enter(Option<AuthContext>, Held),
    Refuse(Response<Bytes>),
    Wait(PendingDecision),
}

impl Core {
    /// Replaces the realm, for every provider.
    pub(super) fn set_realm(&mut self, realm: Realm) {
        self.provider = Arc::new(self.provider.in_realm(&realm));
        self.rules.change(|admission| {
            if let Admission::Provider(provider) = admission {
                *provider = Arc::new(provider.in_realm(&realm));
            }
        });
        self.realm = realm;
    }

    /// Decides as far as that can be done at once.
    pub(super) fn decide<B>(&self, request: &mut Request<B>) -> Decision {
        // Whoever put a context here before was not this layer, so it proves nothing.
        request.extensions_mut().remove::<AuthContext>();
        if let Some(observers) = &self.observers {
            Observers::watch(observers, request);
        }
        if let Some(answer) = self.resource.answer(request) {
            return Decision::Refuse(answer);
        }
        if let Some(proxies) = &self.proxies {
            proxies.note(request);
        }
        let route = Route::of(request.uri(), request.extensions());
        if self.pass_preflight && is_preflight(request) {
            return self.enter_without_caller(Outcome::Preflight, request);
        }
        let (provider, optional) = match self.rules.find_opening(request.method(), &route) {
            // Whoever turned authentication off did so for every path.
            _ if self.disabled => (&self.provider, false),
            Some(Admission::Public) => {
                return self.enter_without_caller(Outcome::Public, request);
            }
            Some(Admission::Optional) => (&self.provider, true),
            Some(Admission::Provider(provider)) => (provider, false),
            Some(Admission::Required) | None => (&self.provider, false),
        };
        let view = self.view(request);
        let screened = self.resource.check(provider.places(), &view);
        let mut credential = self
            .attempts
            .as_ref()
            .map(|attempts| attempts.digest("caller"));
        let shown = match screened.and_then(|()| provider.screen(&view, credential.as_mut())) {
            Ok(shown) => shown,
            Err(error) => return Decision::Refuse(self.refuse(&error, provider, request)),
        };
        let attempt = match self.attempts.as_ref().zip(credential) {
            None => None,
            Some((attempts, credential)) => {
                match judged::attempt(attempts, credential, shown, &view) {
                    Ok(Some(attempt)) if attempt.is_due() => {
                        return self.ask_everywhere(attempt, provider, optional, request);
                    }
                    Ok(attempt) => attempt,
                    Err(error) => return Decision::Refuse(self.refuse(&error, provider, request)),
                }
            }
        };
        self.ask(attempt, provider, optional, request)
    }

    /// Lets other processes count an attempt before anybody judges.
    #[inline(never)]
    fn ask_everywhere<B>(
        &self,
        attempt: Attempt,
        provider: &Arc<ScreenedProvider>,
        optional: bool,
        request: &mut Request<B>,
    ) -> Decision {
        match attempt.ask() {
            Ok(attempt) => self.ask(Some(attempt), provider, optional, request),
            Err(attempts::Stopped::Refused(error)) => {
                Decision::Refuse(self.refuse(&error, provider, request))
            }
            Err(attempts::Stopped::Waiting(waiting)) => {
                let question = Question::new(provider, optional);
                Decision::Wait(question.waits_for(Wait::Attempt(waiting)))
            }
        }
    }

    /// Asks the provider.
    #[inline]
    pub(super) fn ask<B>(
        &self,
        attempt: Option<Attempt>,
        provider: &Arc<ScreenedProvider>,
        optional: bool,
        request: &mut Request<B>,
    ) -> Decision {
        match provider.ask(&self.view(request)) {
            Asked::Answered(answer) => self.answered(answer, attempt, provider, optional, request),
            Asked::Waiting(check) => {
                let question = Question::new(provider, optional);
                Decision::Wait(question.waits_for(Wait::Answer(check, attempt)))
            }
        }
    }

    /// Asks whether the caller whom the provider accepted was revoked.
    #[inline]
    pub(super) fn answered<B>(
        &self,
        answer: AuthResult,
        attempt: Option<Attempt>,
        provider: &Arc<ScreenedProvider>,
        optional: bool,
        request: &mut Request<B>,
    ) -> Decision {
        match revoked::judge(answer, self.after()) {
            Asked::Answered(answer) => self.judged(answer, attempt, provider, optional, request),
            Asked::Waiting(check) => {
                let question = Question::new(provider, optional);
                Decision::Wait(question.waits_for(Wait::Revocation(check, attempt)))
            }
        }
    }

    /// Ends an attempt by what was found out about its credential, and counts the caller.
    #[inline]
    pub(super) fn judged<B>(
        &self,
        answer: AuthResult,
        attempt: Option<Attempt>,
        provider: &Arc<ScreenedProvider>,
        optional: bool,
        request: &mut Request<B>,
    ) -> Decision {
        if let Some(attempt) = attempt {
            judged::settle(attempt, &answer);
        }
        let due = held::due(answer, self.requests.as_ref(), request);
        self.settle_due(due, provider, optional, request)
    }

    /// What is asked about accepted callers. Whoever turned authentication off has nobody asked about.
    #[inline]
    fn after(&self) -> Option<&Arc<dyn AfterProvider>> {
        self.after.as_ref().filter(|_| !self.disabled)
    }

    #[inline]
    pub(super) fn settle_due<B>(
        &self,
        due: Due,
        provider: &Arc<ScreenedProvider>,
        optional: bool,
        request: &mut Request<B>,
    ) -> Decision {
        let wait = match due {
            Due::Answered(answer, held) => {
                return self.settle(answer, held, provider, optional, request);
            }
            Due::Refused(error, caller) => {
                return Decision::Refuse(self.refuse_caller(&error, &caller, provider, request));
            }
            Due::Payment(check, held, payer) => Wait::Payment(check, held, payer),
            Due::Count(waiting, count) => Wait::Count(waiting, Requester::Caller(count)),
        };
        Decision::Wait(Question::new(provider, optional).waits_for(wait))
    }

    pub(super) fn settle<B>(
        &self,
        answer: AuthResult,
        held: Held,
        provider: &Arc<ScreenedProvider>,
        optional: bool,
        request: &mut Request<B>,
    ) -> Decision {
        let refusal = match answer {
            Ok(Some(mut context)) => {
                context.set_revoker(self.revoker());
                if let Err(error) = event::accepted(&context, access::about(request)) {
                    return Decision::Refuse(
                        self.refuse_caller(&error, &context, provider, request),
                    );
                }
                let is_kept = self.report_caller
                    || context.response_headers().is_some()
                    || self.ends(&context);
                let kept = is_kept.then(|| context.clone());
                request.extensions_mut().insert(context);
                return Decision::Enter(kept, held);
            }
            Ok(None) if optional => match self.count_without_caller(request) {
                Ok(held) => {
                    return self.enter_anonymously(held, provider, request);
                }
                Err(stopped) => {
                    return self.stop(stopped, provider, Requester::Anonymous, request);
                }
            },
            Ok(None) => provider.missing_credential(request.headers()),
            Err(error) => error,
        };
        Decision::Refuse(self.refuse(&refusal, provider, request))
    }

    /// Whether the body of the response ends with the caller's credential.
    #[inline]
    pub(super) fn ends(&self, context: &AuthContext) -> bool {
        self.end_streams && context.can_end()
    }

    pub(super) fn refuse<B>(
        &self,
        error: &AuthError,
        provider: &ScreenedProvider,
        request: &Request<B>,
    ) -> Response<Bytes> {
        event::refused(error, access::about(request));
        self.render(error, provider, request)
    }

    /// Refuses a caller whom the provider accepted.
    #[inline(never)]
    pub(super) fn refuse_caller<B>(
        &self,
        error: &AuthError,
        caller: &AuthContext,
        provider: &ScreenedProvider,
        request: &Request<B>,
    ) -> Response<Bytes> {
        event::refused_caller(error, caller, access::about(request));
        self.render(error, provider, request)
    }

    /// The request as a provider sees it.
    #[inline]
    pub(super) fn view<'a, B>(&self, request: &'a Request<B>) -> AuthRequest<'a> {
        AuthRequest::from(request).with_max_credential_len(self.max_credential_len)
    }

    /// Makes the request ready for the inner service; answers whether `bearer` was among the
    /// WebSocket protocols that it offered.
    pub(super) fn conceal<B>(&self, request: &mut Request<B>) -> bool {
        self.places.conceal(request, self.hide_credentials)
    }

    /// The response for an error, as this layer words it.
    fn render<B>(
        &self,
        error: &AuthError,
        provider: &ScreenedProvider,
        request: &Request<B>,
    ) -> Response<Bytes> {
        let mut response = provider.wording.respond(error);
        add_grpc_status(&mut response, error, request.headers());
        self.finish(error, self.refused_head(request).as_deref(), response)
    }

    /// The response for what an inner layer of ours refused and nobody has rendered yet.
    pub(super) fn render_again<B>(
        &self,
        error: &AuthError,
        head: Option<&Request<()>>,
        refused: &Response<B>,
    ) -> Response<Bytes> {
        let mut response = self.provider.wording.respond(error);
        keep_headers(response.headers_mut(), refused.headers());
        self.finish(error, head, response)
    }

    /// The head is there where a closure is.
    fn finish(
        &self,
        error: &AuthError,
        head: Option<&Request<()>>,
        response: Response<Bytes>,
    ) -> Response<Bytes> {
        let mut response = match (&self.on_refusal, head) {
            (Some(replace), Some(head)) => replace(error, &AuthRequest::from(head), response),
            _ => response,
        };
        mark_worded(&mut response, error);
        response
    }
}

impl EndsStreams for Core {
    fn revoker(&self) -> Option<&Arc<Revoker>> {
        self.revoker.as_ref().filter(|_| !self.disabled)
    }
}

/// A CORS preflight (Fetch §3.2.2): anything less is a request like any other.
fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
