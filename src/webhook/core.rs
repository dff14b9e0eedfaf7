//! The settings of a layer, and its judgement of a delivery whose body is read: signature, time, replay,
//! sender.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};

use super::{
    attempts, deliveries,
    handshake::VerifyToken,
    once::{DeliveryState, EqualDeliveries, Identity, Reading, Reservation},
    platform::{Platform, PlatformEvent},
    read,
    replay::ReplayStore,
    sender::{ask_about_sender, refuse_sender},
    verify::{self, Head, IdentifiedBy, Key, Scheme, Unverified},
};
use crate::{
    access::{self, about},
    attempts::{Attempt, Attempts},
    client_limit::Permit,
    clock::{self, Clock},
    context::AuthContext,
    error::AuthError,
    event,
    observe::About,
    provider::AuthProvider,
    proxies::TrustedProxies,
    reading::{BodyRoom, RestoredBody},
    refusal::Wording,
    request::Message,
    scope::Scopes,
};

#[derive(Clone)]
pub(super) struct Core {
    pub(super) scheme: Arc<dyn Scheme>,
    pub(super) keys: Vec<Arc<Key>>,
    pub(super) platform: Option<Platform>,
    pub(super) provider: Option<Arc<dyn AuthProvider>>,
    pub(super) verify_token: Option<VerifyToken>,
    pub(super) user_id: Box<str>,
    pub(super) scopes: Scopes,
    pub(super) room: BodyRoom,
    pub(super) replay: Option<Arc<dyn ReplayStore>>,
    /// The name under which the store remembers deliveries; the user id unless set.
    pub(super) namespace: Option<Box<str>>,
    pub(super) equal_bodies: u16,
    pub(super) refuses_handled: bool,
    pub(super) clock: Clock,
    pub(super) attempts: Option<Attempts>,
    pub(super) proxies: Option<TrustedProxies>,
}

/// The signature of a delivery, found to be right, and the pieces that were signed.
type Proven<'a> = (Unverified<'a>, Vec<Cow<'a, [u8]>>);

/// The decision about a delivery.
pub(super) enum Verdict {
    Enter(Admitted),
    Answer(Response<Bytes>),
}

/// A delivery that may reach the inner service.
pub(super) struct Admitted {
    pub(super) context: AuthContext,
    /// The message of the delivery, where it has exactly one.
    pub(super) message: Option<Message>,
    pub(super) reservation: Option<Reservation>,
}

impl Core {
    /// Judges a delivery whose body has been read.
    ///
    /// The buffer is released as soon as the delivery is proven: the time that the store or a provider
    /// takes is not the sender's fault.
    pub(super) async fn judge(
        &self,
        request: &Request<RestoredBody>,
        buffer: Permit,
        attempt: Option<Attempt>,
    ) -> Verdict {
        match self.admit(request, buffer, attempt).await {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Answer(self.refuse(error, about(request))),
        }
    }

    async fn admit(
        &self,
        request: &Request<RestoredBody>,
        buffer: Permit,
        attempt: Option<Attempt>,
    ) -> Result<Verdict, AuthError> {
        let head = head(request);
        let body: &[u8] = request.body().as_bytes();
        let proven = self.prove(&head, body);
        attempts::settle(attempt, &proven);
        let (unverified, signed) = proven?;
        drop(buffer);
        let name = match unverified.identified_by {
            IdentifiedBy::Body => self.scheme.name_inside(body),
            IdentifiedBy::Id(_) | IdentifiedBy::Signed => None,
        };
        let equals = match self.scheme.unsigned_ids() {
            [] => None,
            _ => Some(EqualDeliveries {
                id: self.unsigned_id(&head)?,
                most: self.equal_bodies,
                reading: self.scheme.is_ambiguous().then(|| Reading {
                    address: head
                        .uri
                        .path_and_query()
                        .map_or("", |address| address.as_str()),
                    body,
                }),
            }),
        };
        let identity = Identity {
            scheme: self.scheme.name(),
            layer: self.namespace.as_deref().unwrap_or(&self.user_id),
            unverified: &unverified,
            body,
            signed: &signed,
            name: name.as_deref(),
            equals,
        };
        let reservation = match self.reserve(&identity, about(request)).await? {
            Reserve::Reserved(reservation) => Some(reservation),
            Reserve::NoStore => None,
            Reserve::AlreadyHandled => {
                return Ok(Verdict::Answer(self.answer_again(about(request))));
            }
        };
        let Some(platform) = self.platform else {
            return self.ask_about(Vec::new(), None, reservation, request).await;
        };
        match (platform.read)(head.headers, body)? {
            // The reservation is released: an answer to a handshake changes nothing here, and a
            // platform that asks again must get the answer again.
            PlatformEvent::Handshake(answer) => {
                deliveries::handshake(self.scheme.name(), about(request));
                Ok(Verdict::Answer(answer))
            }
            PlatformEvent::Messages {
                messages,
                silent_answer,
            } => {
                self.ask_about(messages, Some(silent_answer), reservation, request)
                    .await
            }
        }
    }

    /// The signature of a delivery and what was signed, once it is found to be right.
    fn prove<'a>(&'a self, head: &Head<'a>, body: &'a [u8]) -> Result<Proven<'a>, AuthError> {
        let unverified = self.scheme.unverified(head)?;
        let mut signed = unverified.before.clone();
        signed.push(self.scheme.signed_body(head, body)?);
        verify::verify(&unverified, &signed, self.keys())?;
        self.check_signed_time(&unverified, body)?;
        Ok((unverified, signed))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> + Clone {
        self.keys.iter().map(|key| &**key)
    }

    /// The unsigned id of the delivery, from the first header of its scheme that is present.
    pub(super) fn unsigned_id<'a>(&self, head: &Head<'a>) -> Result<Option<&'a str>, AuthError> {
        let mut id = None;
        for name in self.scheme.unsigned_ids() {
            id = id.or(read::one(head.headers, name)?);
        }
        Ok(id)
    }

    fn check_signed_time(&self, unverified: &Unverified<'_>, body: &[u8]) -> Result<(), AuthError> {
        if self.scheme.leeway().is_none() {
            return Ok(());
        }
        let time = match unverified.time {
            Some(time) => time,
            None => self
                .scheme
                .time_inside(body)?
                .ok_or_else(|| read::refused("no_signed_time"))?,
        };
        self.check_time(time, || {
            AuthError::expired_credential("delivery_too_old")
                .with_message("the signed time is too far in the past")
        })
    }

    pub(super) fn check_time(
        &self,
        time: u64,
        too_old: impl FnOnce() -> AuthError,
    ) -> Result<(), AuthError> {
        let Some(leeway) = self.scheme.leeway() else {
            return Ok(());
        };
        let now = self.clock.now();
        if now.saturating_sub(time) > leeway {
            return Err(too_old());
        }
        if time.saturating_sub(now) > leeway {
            return Err(AuthError::invalid_credential("delivery_from_the_future")
                .with_message("the signed time is in the future"));
        }
        Ok(())
    }

    async fn reserve(
        &self,
        identity: &Identity<'_>,
        about: About<'_>,
    ) -> Result<Reserve, AuthError> {
        let Some(store) = &self.replay else {
            return Ok(Reserve::NoStore);
        };
        let now = clock::from_unix(self.clock.now()).ok_or_else(|| {
            AuthError::unavailable("the clock shows no time").with_reason("no_time")
        })?;
        match identity.reserve(store, now).await? {
            DeliveryState::New(reservation, equal) => {
                if equal > 0 {
                    deliveries::equal_delivery(self.scheme.name(), equal, true, about);
                }
                return Ok(Reserve::Reserved(reservation));
            }
            DeliveryState::InProgress => {
                return Err(AuthError::conflict("delivery_in_progress")
                    .with_message("this delivery is being handled at the moment"));
            }
            DeliveryState::Recut => {
                return Err(AuthError::conflict("recut_of_a_handled_delivery")
                    .with_message("this signature belongs to another delivery"));
            }
            DeliveryState::Exhausted => {
                deliveries::equal_delivery(self.scheme.name(), self.equal_bodies, false, about);
            }
            DeliveryState::Handled => {}
        }
        if self.refuses_handled {
            return Err(AuthError::conflict("delivery_handled_before")
                .with_message("this delivery has been handled"));
        }
        Ok(Reserve::AlreadyHandled)
    }

    /// Asks the chain about every sender: each must be let in.
    async fn ask_about(
        &self,
        mut messages: Vec<Message>,
        silent_answer: Option<Response<Bytes>>,
        reservation: Option<Reservation>,
        request: &Request<RestoredBody>,
    ) -> Result<Verdict, AuthError> {
        let mut callers = Vec::with_capacity(messages.len());
        if let Some(provider) = &self.provider {
            if messages.is_empty() {
                // The message names no user, so a list of users lets nobody in.
                messages.push(Message::new(self.scheme.name()));
            }
            for message in &messages {
                match ask_about_sender(provider, message).await {
                    Ok(caller) => callers.push(caller),
                    Err(error) => {
                        let error = error.at_provider(self.scheme.name());
                        deliveries::refused_sender(&error, message, about(request));
                        return Ok(Verdict::Answer(refuse_sender(&error, silent_answer)));
                    }
                }
            }
        } else {
            callers.extend(messages.iter().map(|message| self.caller(Some(message))));
        }
        let mut callers = callers.into_iter();
        let context = match callers.next() {
            Some(first) if callers.all(|other| other.principal() == first.principal()) => first,
            _ => self.caller(None),
        };
        event::accepted(&context, about(request))?;
        let message = match messages.len() {
            1 => messages.pop(),
            _ => None,
        };
        Ok(Verdict::Enter(Admitted {
            context,
            message,
            reservation,
        }))
    }

    /// The caller where only the signature vouches for one.
    fn caller(&self, message: Option<&Message>) -> AuthContext {
        let user_id = message.and_then(Message::user_id).unwrap_or(&self.user_id);
        let mut context = AuthContext::new(user_id)
            .with_method("webhook")
            .with_issuer(self.scheme.name())
            .with_scope_set(self.scopes.clone());
        if let Some(message) = message {
            context = context.with_claim("platform", message.platform());
            if let Some(chat_id) = message.chat_id() {
                context = context.with_claim("chat_id", chat_id);
            }
        }
        context
    }

    /// Renders a refusal as without an `AuthLayer`; an `AuthLayer` around it renders it again.
    pub(super) fn refuse(&self, error: AuthError, about: About<'_>) -> Response<Bytes> {
        let error = error.at_provider(self.scheme.name());
        event::refused(&error, about);
        Wording::plain().respond(&error)
    }

    /// The response to a delivery that was handled before: the platform need not send it again.
    fn answer_again(&self, about: About<'_>) -> Response<Bytes> {
        deliveries::repeated(self.scheme.name(), about);
        self.scheme.known_answer()
    }
}

/// The answer of the store of handled deliveries.
enum Reserve {
    Reserved(Reservation),
    NoStore,
    AlreadyHandled,
}

pub(super) fn head<B>(request: &Request<B>) -> Head<'_> {
    Head {
        uri: access::original_uri(request.uri(), request.extensions()),
        headers: request.headers(),
    }
}
