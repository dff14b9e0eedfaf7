//! What the providers of opaque tokens share: asking an endpoint about a token, once for all who
//! show it, and remembering for a short time what it said.
//!
//! Anybody can show tokens that nobody has seen, as many as he likes, and only the endpoint can tell
//! them from good ones. So they must cost nobody else anything: the callers of tokens that the
//! endpoint vouched for are asked about in slots of their own, and before their verdicts lapse.

mod flight;
mod settings;
mod slots;
#[cfg(all(test, feature = "test-util"))]
mod tests;
mod verdicts;

use std::{
    fmt,
    future::Future,
    sync::{Arc, OnceLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::sync::watch;

use self::{
    flight::Flights,
    slots::{Asker, Slots},
    verdicts::Verdicts,
};
pub(super) use self::{
    flight::endpoint_failed,
    settings::{Settings, shared_settings},
    verdicts::Vouched,
};
use super::{AuthResult, Authentication, Label};
use crate::{
    error::{AuthError, ConfigError, ConfigErrorKind},
    issuer::fetch::{Endpoint, Fetcher},
    memory::TokenNames,
    request::{AuthRequest, CredentialSource},
    secret::Secret,
};

/// Asks an endpoint about a token.
pub(super) trait Question: Send + Sync + 'static {
    /// Whom the token is for, or why it is refused, or that the endpoint could not be asked.
    ///
    /// The times in the answer are not judged yet.
    fn ask(
        &self,
        fetcher: &Fetcher,
        token: &str,
    ) -> impl Future<Output = Result<Vouched, AuthError>> + Send;

    /// Whom it asks.
    fn endpoint(&self) -> &Endpoint;

    /// Replaces what callers have as their source where no issuer is configured.
    fn set_label(&mut self, label: Label);
}

/// A provider of opaque tokens, but for what it asks.
pub(super) struct Opaque<Q> {
    question: Arc<Q>,
    settings: Settings,
    sources: Arc<[CredentialSource]>,
    /// Made at the first token, when every setting is known.
    ///
    /// INVARIANT: whatever changes question or settings makes a new one. A copy with another
    /// audience must never find a verdict that this one remembers.
    desk: Arc<OnceLock<Opened<Q>>>,
}

/// The desk of a provider that has not been dropped.
struct Opened<Q> {
    desk: Arc<Desk<Q>>,
    /// Questions that are under way hold the desk as well: this tells them when nobody else does.
    _provider: watch::Sender<()>,
}

/// Where questions are asked and answers are kept.
struct Desk<Q> {
    question: Arc<Q>,
    settings: Settings,
    fetcher: Fetcher,
    names: TokenNames,
    verdicts: Verdicts,
    flights: Flights,
    slots: Arc<Slots>,
    /// Ends with the last copy of the provider.
    provider: watch::Receiver<()>,
}

impl<Q: Question> Opaque<Q> {
    pub(super) fn new(question: Q) -> Self {
        Self {
            question: Arc::new(question),
            settings: Settings::default(),
            sources: Arc::new([CredentialSource::bearer()]),
            desk: Arc::default(),
        }
    }

    pub(super) fn question(&self) -> &Q {
        &self.question
    }

    pub(super) fn sources(&self) -> &[CredentialSource] {
        &self.sources
    }

    pub(super) fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        match self.judge(request) {
            Ok(answer) => answer,
            Err(error) => Err(error).into(),
        }
    }

    fn judge(&self, request: &AuthRequest<'_>) -> Result<Authentication, AuthError> {
        let Some(shown) = request.credential(&self.sources)? else {
            return Ok(Ok(None).into());
        };
        let token = shown.as_str().filter(|token| is_token(token));
        let token = token.ok_or_else(|| AuthError::invalid_credential("token_malformed"))?;
        if self.settings.ignores_jwts && is_jwt(token) {
            return Ok(Ok(None).into());
        }
        let desk = self.desk().map_err(AuthError::unavailable)?;
        let name = desk.names.name(token.as_bytes());
        if let Some(answer) = desk.recall(name, token) {
            return Ok(answer.into());
        }
        let asker = match desk.verdicts.knows(name, desk.settings.clock.now()) {
            true => Asker::Known,
            false => Asker::Stranger(request.client_address()),
        };
        let (desk, token) = (Arc::clone(desk), Secret::from(token));
        Ok(Authentication::pending(async move {
            let vouched = desk.flight(name, token, asker).await?;
            desk.settings.judge_times(vouched)
        }))
    }

    fn desk(&self) -> Result<&Arc<Desk<Q>>, ConfigError> {
        let opened = match self.desk.get() {
            Some(opened) => opened,
            None => {
                let opened = Opened::new(Arc::clone(&self.question), self.settings.clone())?;
                self.desk.get_or_init(|| opened)
            }
        };
        Ok(&opened.desk)
    }
}

impl<Q: Question> Opened<Q> {
    fn new(question: Arc<Q>, settings: Settings) -> Result<Self, ConfigError> {
        let fetcher = Fetcher::new(question.endpoint(), &settings.transport)?;
        let (sender, provider) = watch::channel(());
        let desk = Desk {
            question,
            fetcher: fetcher.with_time_limit(settings.time_limit),
            names: TokenNames::new().ok_or_else(no_randomness)?,
            verdicts: Verdicts::new(settings.remembered, settings.cache_ttl),
            flights: Flights::default(),
            slots: Arc::new(Slots::new(settings.concurrency)),
            provider,
            settings,
        };
        Ok(Self {
            desk: Arc::new(desk),
            _provider: sender,
        })
    }
}

impl<Q: Question> Desk<Q> {
    fn recall(self: &Arc<Self>, name: u128, token: &str) -> Option<AuthResult> {
        let recalled = self.verdicts.recall(name, self.settings.clock.now())?;
        let answer = recalled
            .verdict
            .and_then(|vouched| self.settings.judge_times(vouched));
        // What has expired meanwhile is not worth a question.
        if recalled.is_to_be_renewed && answer.is_ok() {
            self.renew(name, Secret::from(token));
        }
        Some(answer)
    }
}

impl<Q> Clone for Opaque<Q> {
    fn clone(&self) -> Self {
        Self {
            question: Arc::clone(&self.question),
            settings: self.settings.clone(),
            sources: Arc::clone(&self.sources),
            desk: Arc::clone(&self.desk),
        }
    }
}

impl<Q: fmt::Debug> fmt::Debug for Opaque<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opaque")
            .field("question", &self.question)
            .field("settings", &self.settings)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

fn no_randomness() -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Unsupported,
        "the system has no randomness to give",
    )
}

/// Visible ASCII, as in RFC 6749 §A.12 but without spaces: what goes into a header again must not
/// end one.
fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Three parts, the first of which opens a JSON object (RFC 7515 §7.1).
///
/// Nothing else is looked at: a malformed JSON Web Token is for its own provider to refuse.
fn is_jwt(token: &str) -> bool {
    let mut parts = token.split('.');
    let header = parts.next().unwrap_or_default();
    let opens = || {
        let json = URL_SAFE_NO_PAD.decode(header.trim_end_matches('='));
        json.is_ok_and(|json| json.trim_ascii_start().starts_with(b"{"))
    };
    parts.count() == 2 && opens()
}
