//! The credential that a caller was accepted with: its end, and its cost.

use std::sync::Arc;

use super::{AuthContext, Charge, Ended, EndsBy, Inner, OwnEnd, RestingContext};
use crate::{clock::Clock, ended::NEVER};

/// What a caller has of the credential that was accepted. It stays, whatever caller a check makes of it.
pub(crate) struct OfCredential {
    charge: Option<Arc<dyn Charge>>,
    ends_at: u64,
    clock: Clock,
}

impl AuthContext {
    /// Returns a future that is ready once the caller's credential has expired or was revoked: for a
    /// WebSocket, a stream or a long task that outlives the request.
    ///
    /// A token ends at its `exp`, without the leeway that new requests have; a managed key at its expiry,
    /// and within a second of its revocation by any process, also once nobody can tell any more: the
    /// store of the keys could not be asked for longer than the `stale_limit`, or the provider is gone.
    /// A caller whose credential has no end waits for ever. For response bodies
    /// [`AuthLayer::end_streams`](crate::AuthLayer::end_streams) does it.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::extract::ws::{CloseFrame, Message, WebSocket};
    /// use tower_auth::AuthContext;
    ///
    /// async fn chat(mut socket: WebSocket, caller: AuthContext) {
    ///     let mut ended = caller.ended();
    ///     loop {
    ///         let message = tokio::select! {
    ///             biased; // no message is answered after the end
    ///             () = &mut ended => break,
    ///             message = socket.recv() => message,
    ///         };
    ///         let Some(Ok(message)) = message else { return };
    ///         if socket.send(message).await.is_err() {
    ///             return;
    ///         }
    ///     }
    ///     let close = CloseFrame { code: 4401, reason: "the credential has ended".into() };
    ///     let _ = socket.send(Message::Close(Some(close))).await;
    /// }
    /// # let _ = chat;
    /// ```
    pub fn ended(&self) -> Ended {
        Ended::new(RestingContext::from(self.clone()), self.revoker.clone())
    }

    /// The caller of a credential that ends by that clock.
    pub(crate) fn timed_by(self, clock: &Clock) -> Self {
        match self.inner.ends_at() {
            at if at != NEVER && clock.manual.is_some() => self.ending(at, clock.clone()),
            _ => self,
        }
    }

    fn ending(mut self, at: u64, clock: Clock) -> Self {
        self.edit_rare().end = Some(Box::new(OwnEnd { at, clock }));
        self.edit().ends_by = EndsBy::OwnEnd;
        self
    }

    pub(crate) fn of_credential(&self) -> OfCredential {
        OfCredential {
            charge: self.own_charge().cloned(),
            ends_at: self.inner.ends_at(),
            clock: self.inner.clock().clone(),
        }
    }

    /// The caller with the credential of another caller, unless it has its own: a check may return a new
    /// context, and the request still costs something, and the credential still ends.
    pub(crate) fn with_credential(self, credential: OfCredential) -> Self {
        let caller = self.owing(credential.charge);
        match credential.ends_at < caller.inner.ends_at() {
            true => caller.ending(credential.ends_at, credential.clock),
            false => caller,
        }
    }

    /// The caller with that charge, unless it has its own.
    pub(crate) fn owing(mut self, charge: Option<Arc<dyn Charge>>) -> Self {
        if self.own_charge().is_none()
            && let Some(charge) = charge
        {
            self.edit().owes = charge.is_due();
            self.edit_rare().charge = Some(charge);
        }
        self
    }
}

impl Inner {
    /// The time at which the credential ends, if nothing else tells.
    pub(super) fn ends_at(&self) -> u64 {
        match self.ends_by {
            EndsBy::Expiry => self.expires_at,
            EndsBy::Source => NEVER,
            EndsBy::OwnEnd => self.own_end().map_or(self.expires_at, |end| end.at),
        }
    }

    /// The clock by which it ends then.
    pub(super) fn clock(&self) -> &Clock {
        static SYSTEM: Clock = Clock::SYSTEM;
        self.own_end().map_or(&SYSTEM, |end| &end.clock)
    }

    fn own_end(&self) -> Option<&OwnEnd> {
        self.rare.as_ref()?.end.as_deref()
    }
}
