//! Several issuers behind one provider.

use std::{fmt, sync::Arc};

use super::{check::unverified, provider::OAuth2Auth, settings::METHOD};
use crate::{
    context::AuthContext,
    error::{AuthError, ConfigError, ConfigErrorKind, Mismatch},
    jose::{JoseError, Jws},
    provider::{AuthProvider, Authentication, PrincipalSource, token::refused},
    request::{AuthRequest, ClientAddress, CredentialSource},
};

/// Accepts access tokens of several issuers.
///
/// The token's `iss` picks the issuer. Only the keys and rules of that issuer judge the token. A token
/// of an unknown issuer is refused.
///
/// An issuer can write any scope and role into its tokens. If one issuer may not grant those of
/// another, limit each issuer with [`with_granted_scopes`](OAuth2Auth::with_granted_scopes) and
/// [`with_granted_roles`](OAuth2Auth::with_granted_roles).
///
/// # Example
///
/// ```
/// use tower_auth::{AuthLayer, provider::{OAuth2Auth, OAuth2Issuers}};
///
/// let tokens = OAuth2Issuers::new([
///     OAuth2Auth::new("https://staff.example.com", "my-agent")?,
///     OAuth2Auth::new("https://partners.example.com", "my-agent")?
///         .with_granted_scopes(["partner:*"])
///         .with_granted_roles(["viewer"]),
/// ])?;
/// let layer = AuthLayer::new(tokens);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct OAuth2Issuers {
    issuers: Arc<[OAuth2Auth]>,
    sources: Arc<[CredentialSource]>,
}

impl OAuth2Issuers {
    /// A provider that accepts the tokens of each of these issuers.
    ///
    /// # Errors
    ///
    /// There is no issuer, or two have the same name.
    pub fn new(issuers: impl IntoIterator<Item = OAuth2Auth>) -> Result<Self, ConfigError> {
        let issuers: Vec<_> = issuers.into_iter().collect();
        if issuers.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "there is no issuer: name at least one",
            ));
        }
        for (at, one) in issuers.iter().enumerate() {
            if issuers
                .iter()
                .skip(at + 1)
                .any(|other| other.issuer() == one.issuer())
            {
                return Err(ConfigError::new(
                    ConfigErrorKind::Duplicate,
                    format!(
                        "the issuer {:?} is there twice: name it once, with `add_audience` for a \
                         second audience",
                        one.issuer()
                    ),
                ));
            }
        }
        Ok(Self {
            issuers: issuers.into(),
            sources: Arc::new([CredentialSource::bearer()]),
        })
    }

    /// Replaces every place that is read: `Authorization: Bearer` unless set. The places of the
    /// single issuers are not read.
    #[must_use]
    pub fn with_credentials(mut self, sources: impl IntoIterator<Item = CredentialSource>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// Fetches the keys of every issuer, one after the other.
    ///
    /// # Errors
    ///
    /// The error of the first issuer whose keys could not be fetched. The keys of every other issuer
    /// are fetched nevertheless.
    pub async fn warm_up(&self) -> Result<(), AuthError> {
        let mut result = Ok(());
        for issuer in &*self.issuers {
            let warm = issuer.warm_up().await;
            result = result.and(warm);
        }
        result
    }

    /// Checks a token that did not come in a request, such as one from a message queue.
    ///
    /// # Errors
    ///
    /// 401 where the token is wrong, 503 where it could not be checked.
    pub async fn verify(&self, token: &str) -> Result<AuthContext, AuthError> {
        self.pick(token.as_bytes())?.verify(token).await
    }

    /// The issuer that the token names: only its memory, keys and rules judge the token.
    fn pick(&self, token: &[u8]) -> Result<&OAuth2Auth, AuthError> {
        let named = Jws::peek_issuer(token);
        if let Ok(Some(named)) = &named
            && let Some(issuer) = self.issuers.iter().find(|one| one.issuer() == named)
        {
            return Ok(issuer);
        }
        // A fault in the header is the first error, as for any token; the type is left to the rules of
        // the issuer.
        Jws::parse_any_type(token).map_err(refused)?;
        let named = named.map_err(refused)?;
        let named = named.ok_or_else(|| refused(JoseError::IssMissing))?;
        let wanted: Vec<_> = self.issuers.iter().map(OAuth2Auth::issuer).collect();
        let mismatch = Mismatch::new(wanted.join(" "), Some(&named));
        Err(refused(JoseError::IssMismatch).with_mismatch(unverified(mismatch)))
    }

    fn judge(
        &self,
        token: &[u8],
        client: impl FnOnce() -> Option<ClientAddress>,
    ) -> Authentication {
        match self.pick(token) {
            Ok(issuer) => issuer.checker().answer(token, client),
            Err(error) => Err(error).into(),
        }
    }
}

impl AuthProvider for OAuth2Issuers {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        match request.credential(&self.sources) {
            Ok(Some(shown)) => self.judge(shown.as_bytes(), || request.client_address()),
            Ok(None) => Ok(None).into(),
            Err(error) => Err(error).into(),
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        // Each issuer logs its warnings in this call.
        for issuer in &*self.issuers {
            let _own_places = issuer.credential_sets();
        }
        vec![self.sources.to_vec()]
    }

    fn name(&self) -> &'static str {
        METHOD
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let issuers = self.issuers.iter();
        issuers
            .flat_map(|issuer| issuer.principal_sources())
            .collect()
    }
}

impl fmt::Debug for OAuth2Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2Issuers")
            .field("issuers", &self.issuers)
            .field("sources", &self.sources)
            .finish()
    }
}
