//! The settings of a layer, and the order of its checks: origin, caller, head, body, permission.

use bytes::Bytes;
use http::{Method, Request, Response, header};

use super::{
    fault::{Fault, NAME},
    headers::{Headers, VERSIONS, check_body},
    message::{Call, Content, Item, Kind, read},
    permission::{Permissions, Questions, Wanted, asked},
    resource::ProtectedResource,
    rules::{Need, Rules},
};
use crate::{
    access,
    clock::Clock,
    context::AuthContext,
    error::AuthError,
    event,
    reading::{BodyRoom, Unread},
    refusal::{Wording, add_grpc_status},
    request::{Origin, is_query_name},
};

#[derive(Clone)]
pub(super) struct Core {
    pub(super) resource: ProtectedResource,
    pub(super) wording: Wording,
    pub(super) rules: Rules,
    pub(super) hierarchical: bool,
    pub(super) origins: Vec<Origin>,
    pub(super) room: BodyRoom,
    pub(super) clock: Clock,
}

/// A permission, as far as it is decided.
pub(super) enum Judgement {
    Allowed,
    /// Every answer must allow.
    Asking(Questions),
}

/// A refusal.
pub(super) enum Refusal {
    /// In the protocol's own words.
    Fault(Fault),
    /// As every layer words it.
    Error(AuthError),
    /// Logged already.
    Denied(AuthError),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Core {
    /// Checks all that the head of a request tells.
    pub(super) fn check_head<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        if !Origin::is_absent_or_among(&self.origins, request.headers()) {
            let error = AuthError::forbidden("origin_is_not_listed")
                .with_code("cross_origin")
                .with_message("pages of this origin may not use the server");
            return Err(Refusal::Error(error));
        }
        if opens_a_tunnel(request) {
            let error = AuthError::forbidden("messages_in_a_tunnel")
                .with_message("the server takes messages in requests, not over another protocol");
            return Err(Refusal::Error(error));
        }
        if has_token_in_query(request) {
            let error = AuthError::invalid_request("token_in_query")
                .with_message("a token belongs into the Authorization header: URLs are logged");
            return Err(Refusal::Error(error));
        }
        caller(request)?;
        Headers::read(request.headers(), &VERSIONS)?;
        match may_be_without_body(request.method()) {
            true => Ok(()),
            false => Ok(check_body(request.headers())?),
        }
    }

    /// Judges a request by its body.
    pub(super) fn judge<B>(&self, request: &Request<B>, body: &[u8]) -> Result<Judgement, Refusal> {
        let caller = caller(request)?;
        let mut permissions = Permissions::new(self.resource.required());
        if body.is_empty() && may_be_without_body(request.method()) {
            // A stream of the server's messages, or the end of a session.
            let method = request.method().as_str();
            permissions.add(self.rules.bodyless(method), Wanted::method(method))?;
            return self.decide(&permissions, caller, request);
        }
        check_body(request.headers())?;
        let headers = Headers::read(request.headers(), &VERSIONS)?;
        let messages = read(body)?;
        headers.check(&messages)?;
        for message in &messages.all {
            let Content::Call(call) = &message.content else {
                continue;
            };
            let Some(need) = self.rules.method(&call.method) else {
                let id = message.id.filter(|_| !messages.is_batch);
                return Err(Fault::unknown_method(headers.is_modern())
                    .of_request(id)
                    .about(&call.method)
                    .into());
            };
            permissions.add(need, Wanted::method(&call.method))?;
            for item in &call.items {
                let need = self.need(item, call, caller, request)?;
                permissions.add(need, Wanted::item(item, &call.method))?;
            }
        }
        self.decide(&permissions, caller, request)
    }

    fn need<'a, B>(
        &'a self,
        item: &Item<'_>,
        call: &Call<'_>,
        caller: &AuthContext,
        request: &Request<B>,
    ) -> Result<&'a Need, Refusal> {
        let (reason, message) = match item.kind {
            Kind::Tool => ("unknown_tool", "no rule of the server allows this tool"),
            Kind::Resource => (
                "unknown_resource",
                "no rule of the server allows this resource",
            ),
            Kind::Prompt => ("unknown_prompt", "no rule of the server allows this prompt"),
        };
        self.rules.item(item.kind, &item.name).ok_or_else(|| {
            let error = AuthError::forbidden(reason)
                .with_message(message)
                .at_provider(NAME);
            let asked = event::Permission {
                user_id: Some(caller.user_id()),
                resource: Some(&item.name),
                action: Some(&call.method),
                ..event::Permission::default()
            };
            event::authorized(&Err(error.clone()), asked, access::about(request));
            Refusal::Denied(error)
        })
    }

    fn decide<B>(
        &self,
        permissions: &Permissions<'_>,
        caller: &AuthContext,
        request: &Request<B>,
    ) -> Result<Judgement, Refusal> {
        let answer = permissions.check_scopes(caller, self.hierarchical);
        let about = access::about(request);
        if let Err(error) = &answer {
            // One line, however much the request names. It names nothing where what every request needs is lacking.
            let mut lacking = permissions.lacking(caller, self.hierarchical);
            let first = lacking.next();
            let asked = event::Permission {
                others: lacking.count(),
                ..asked(caller, first)
            };
            event::authorized(&Err(error.clone()), asked, about);
        }
        answer.map_err(Refusal::Denied)?;
        if let Some(questions) = permissions.questions(caller) {
            return Ok(Judgement::Asking(questions));
        }
        for allowed in permissions.allowed() {
            event::authorized(&Ok(()), asked(caller, Some(allowed)), about);
        }
        Ok(Judgement::Allowed)
    }
}

impl Core {
    /// A buffer's worth of the request's body was not read.
    pub(super) fn refuse_unread<B>(&self, unread: Unread, request: &Request<B>) -> Response<Bytes> {
        let now = self.clock.now();
        self.room
            .report(unread, NAME, now, access::about(request).path());
        self.refuse(Refusal::Error(unread.into_error()), request)
    }

    /// Renders a refusal as without an `AuthLayer`; an `AuthLayer` around it renders it again, unless it is in the
    /// protocol's own words.
    pub(super) fn refuse<B>(&self, refusal: Refusal, request: &Request<B>) -> Response<Bytes> {
        let error = match refusal {
            Refusal::Fault(fault) => {
                let asked = event::Permission {
                    action: fault.method(),
                    ..event::Permission::default()
                };
                event::authorized(&Err(fault.error()), asked, access::about(request));
                return fault.respond(&VERSIONS);
            }
            Refusal::Denied(error) => error,
            Refusal::Error(error) => {
                let error = error.at_provider(NAME);
                event::refused(&error, access::about(request));
                error
            }
        };
        let mut response = self.wording.respond(&error);
        add_grpc_status(&mut response, &error, request.headers());
        response
    }
}

/// The accepted caller.
fn caller<B>(request: &Request<B>) -> Result<&AuthContext, Refusal> {
    let caller = request.extensions().get();
    caller.ok_or_else(|| Refusal::Denied(event::without_caller("McpLayer", access::about(request))))
}

/// Whether the body of such a request means nothing by itself: `GET` opens a stream of the server's messages and
/// `DELETE` ends a session, in versions before 2026-07-28.
pub(super) fn may_be_without_body(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::DELETE | Method::HEAD | Method::OPTIONS
    )
}

/// Whether the connection may carry messages that are no requests, which nobody here would see: a WebSocket.
fn opens_a_tunnel<B>(request: &Request<B>) -> bool {
    request.method() == Method::CONNECT || request.headers().contains_key(header::UPGRADE)
}

/// The specification forbids clients that, and a proxy's log has it then.
fn has_token_in_query<B>(request: &Request<B>) -> bool {
    let query = access::original_uri(request.uri(), request.extensions()).query();
    let mut pairs = query.unwrap_or_default().split('&');
    pairs.any(|pair| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        is_query_name(name, "access_token")
    })
}
