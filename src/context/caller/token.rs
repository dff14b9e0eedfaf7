//! The token of a caller: its id, its issuer and the time at which it was issued.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use super::{AuthContext, Metadata};
use crate::context::{
    issued::{APART, LEFT_OUT, NO_ID, NO_TOKEN, Span},
    principal::authority,
};

impl AuthContext {
    /// Replaces the id of the token that the caller showed (`jti`), for a provider of your own: such a
    /// token can then be revoked by its id.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use tower_auth::AuthContext;
    ///
    /// let issued_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    /// let session = AuthContext::new("ada")
    ///     .with_source("sessions")
    ///     .with_token_id("s-7f03")
    ///     .with_issued_at(issued_at);
    /// assert_eq!(session.token_id(), Some("s-7f03"));
    /// assert_eq!(session.token_issuer(), "sessions");
    /// assert_eq!(session.issued_at(), Some(issued_at));
    /// ```
    #[must_use]
    pub fn with_token_id(mut self, id: impl Into<String>) -> Self {
        let id: String = id.into();
        self.edit_rare().token_id = Some(id.into());
        self.edit().issued.id = Span::of_len(APART);
        self
    }

    /// Replaces the time at which the caller's token was issued, for a provider of your own. A revocation
    /// of everything of a caller ends what was issued before it, and everything whose time of issue is not
    /// known.
    #[must_use]
    pub fn with_issued_at(mut self, time: SystemTime) -> Self {
        let issued = &mut self.edit().issued;
        if issued.id.len == NO_TOKEN {
            issued.id = Span::of_len(NO_ID);
        }
        issued.at = to_millis(time);
        self
    }

    /// The id of the token that the caller showed: its `jti`, if it has one.
    pub fn token_id(&self) -> Option<&str> {
        match self.inner.issued.id {
            Span {
                len: NO_TOKEN | NO_ID,
                ..
            } => None,
            Span { len: APART, .. } => self.inner.rare.as_ref()?.token_id.as_deref(),
            span => span.in_text(&self.inner.metadata.json),
        }
    }

    /// The issuer of the caller's token, as a revocation of the token names it: the source of the
    /// [`principal`](Self::principal) without the claim of the user id, so the configured issuer, or else
    /// the label of the provider, or else the address of the endpoint that was asked; an empty text where
    /// there is none of these.
    pub fn token_issuer(&self) -> &str {
        let source = self.source().unwrap_or_default();
        authority(self.method(), source)
    }

    /// The time at which the caller's credential was issued, if it is known: the `iat` of a token.
    pub fn issued_at(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.issued_at_millis()?))
    }

    pub(crate) fn issued_at_millis(&self) -> Option<u64> {
        Some(self.inner.issued.at).filter(|at| *at < LEFT_OUT)
    }

    /// Replaces the metadata. The id of the token stays, which may stand in what is replaced.
    pub(super) fn replace_metadata(&mut self, metadata: Metadata) {
        let is_within = self.inner.issued.id.len < APART;
        if is_within && let Some(id) = self.token_id().map(Box::from) {
            self.edit_rare().token_id = Some(id);
            self.edit().issued.id = Span::of_len(APART);
        }
        self.edit().metadata = metadata;
    }

    /// The caller with the identity of another one beside its own, whom the provider accepted and a check
    /// put this one in the place of: whoever revokes either ends both.
    pub(crate) fn standing_for(self, first: &Self) -> Self {
        let mut caller = self.with_credential(first.of_credential());
        if !caller.has_identity_of(first) {
            caller.edit_rare().first = Some(Box::new(first.clone()));
        }
        caller
    }

    /// Whether a revocation of the other caller is one of this caller too.
    fn has_identity_of(&self, other: &Self) -> bool {
        let is_token = |caller: &Self| caller.inner.issued.id.len != NO_TOKEN;
        // A revocation may be of one tenant alone.
        fn tenant(caller: &AuthContext) -> Option<&Value> {
            caller.metadata().get("tenant")
        }
        let has_first = |caller: &Self| {
            caller
                .inner
                .rare
                .as_ref()
                .is_some_and(|rare| rare.first.is_some())
        };
        !has_first(other)
            && self.principal() == other.principal()
            && self.token_issuer() == other.token_issuer()
            && self.token_id() == other.token_id()
            && self.inner.issued.at == other.inner.issued.at
            && self.inner.expires_at == other.inner.expires_at
            && is_token(self) == is_token(other)
            && (Arc::ptr_eq(&self.inner, &other.inner) || tenant(self) == tenant(other))
    }
}

fn to_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).map_or(LEFT_OUT - 1, |millis| millis.min(LEFT_OUT - 1))
}
