//! The common part of the providers of opaque tokens.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    contract::TokenEndpoint,
    endpoint_client::{ClientOwner, EndpointClient},
    settings::OpaqueSettings,
    slots::LookupClass,
};
use crate::{
    context::AuthContext,
    error::{AuthError, ConfigError},
    metrics,
    provider::Authentication,
    request::{AuthRequest, ClientAddress, CredentialSource},
    secret::Secret,
};

/// A provider of opaque tokens that asks one endpoint.
pub(in crate::provider) struct OpaqueTokens<E> {
    endpoint: Arc<E>,
    settings: OpaqueSettings,
    sources: Arc<[CredentialSource]>,
    /// Made at the first token, when every setting is known.
    ///
    /// INVARIANT: whatever changes the endpoint or a setting makes a new one. A copy with another
    /// audience must never find an answer that this one remembers.
    client: Arc<OnceLock<ClientOwner<E>>>,
}

impl<E: TokenEndpoint> OpaqueTokens<E> {
    pub(in crate::provider) fn new(endpoint: E) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            settings: OpaqueSettings::default(),
            sources: Arc::new([CredentialSource::bearer()]),
            client: Arc::default(),
        }
    }

    pub(in crate::provider) fn endpoint(&self) -> &E {
        &self.endpoint
    }

    pub(in crate::provider) fn sources(&self) -> &[CredentialSource] {
        &self.sources
    }

    pub(in crate::provider) fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        match self.judge(request) {
            Ok(answer) => answer,
            Err(error) => Err(error).into(),
        }
    }

    fn judge(&self, request: &AuthRequest<'_>) -> Result<Authentication, AuthError> {
        let Some(shown) = request.credential(&self.sources)? else {
            return Ok(Ok(None).into());
        };
        let token = shown.as_str().ok_or_else(malformed)?;
        self.answer(token, || request.client_address())
    }

    /// Checks a token that did not come in a request.
    pub(in crate::provider) async fn verify(&self, token: &str) -> Result<AuthContext, AuthError> {
        let accepted = self.answer(token, || None)?.await?;
        accepted.ok_or_else(|| AuthError::invalid_credential("token_not_accepted"))
    }

    fn answer(
        &self,
        token: &str,
        client_address: impl FnOnce() -> Option<ClientAddress>,
    ) -> Result<Authentication, AuthError> {
        if !is_token(token) {
            return Err(malformed());
        }
        if self.settings.ignores_jwts && is_jwt(token) {
            return Ok(Ok(None).into());
        }
        let client = self.client().map_err(AuthError::unavailable)?;
        let hash = client.hash(token);
        if let Some(answer) = client.recall(hash, token) {
            if let Ok(Some(caller)) = &answer {
                metrics::remembered(caller.method());
            }
            return Ok(answer.into());
        }
        let class = match client.is_known(hash) {
            true => LookupClass::KnownToken,
            false => LookupClass::NewToken(client_address()),
        };
        let (client, token) = (Arc::clone(client), Secret::from(token));
        Ok(Authentication::pending(async move {
            let active = client.look_up(hash, token, class).await?;
            client.judge_times(active)
        }))
    }

    pub(super) fn client(&self) -> Result<&Arc<EndpointClient<E>>, ConfigError> {
        let owner = match self.client.get() {
            Some(owner) => owner,
            None => {
                let owner = ClientOwner::new(Arc::clone(&self.endpoint), self.settings.clone())?;
                self.client.get_or_init(|| owner)
            }
        };
        Ok(owner.client())
    }
}

impl<E> OpaqueTokens<E> {
    /// Changes a setting, and forgets what was remembered under the old one.
    pub(in crate::provider) fn with_setting(
        mut self,
        change: impl FnOnce(&mut OpaqueSettings),
    ) -> Self {
        change(&mut self.settings);
        self.client = Arc::default();
        self
    }

    /// Changes a setting whose value may be refused, and forgets what was remembered under the old one.
    pub(in crate::provider) fn try_with_setting(
        self,
        change: impl FnOnce(&mut OpaqueSettings) -> Result<(), ConfigError>,
    ) -> Result<Self, ConfigError> {
        let mut result = Ok(());
        let changed = self.with_setting(|settings| result = change(settings));
        result.map(|()| changed)
    }

    /// Changes the endpoint, and forgets what was remembered of the old one.
    pub(in crate::provider) fn with_endpoint(mut self, change: impl FnOnce(&mut E)) -> Self
    where
        E: Clone,
    {
        change(Arc::make_mut(&mut self.endpoint));
        self.client = Arc::default();
        self
    }

    /// Replaces the places that are read. What is remembered stays: the places do not change it.
    pub(in crate::provider) fn with_sources(
        mut self,
        sources: impl IntoIterator<Item = CredentialSource>,
    ) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }
}

impl<E> Clone for OpaqueTokens<E> {
    fn clone(&self) -> Self {
        Self {
            endpoint: Arc::clone(&self.endpoint),
            settings: self.settings.clone(),
            sources: Arc::clone(&self.sources),
            client: Arc::clone(&self.client),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for OpaqueTokens<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueTokens")
            .field("endpoint", &self.endpoint)
            .field("settings", &self.settings)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

fn malformed() -> AuthError {
    AuthError::invalid_credential("token_malformed")
}

/// Whether the text is visible ASCII (RFC 6749 §A.12, without spaces). It goes into a header again, and
/// must not end one.
fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether the text has three parts and the first one opens a JSON object (RFC 7515 §7.1).
///
/// Nothing else is looked at: the provider of JSON Web Tokens refuses a malformed one.
fn is_jwt(token: &str) -> bool {
    let mut parts = token.split('.');
    let header = parts.next().unwrap_or_default();
    let opens = || {
        let json = URL_SAFE_NO_PAD.decode(header.trim_end_matches('='));
        json.is_ok_and(|json| json.trim_ascii_start().starts_with(b"{"))
    };
    parts.count() == 2 && opens()
}
