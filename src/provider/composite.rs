//! A chain of providers.

use std::{fmt, sync::Arc};

use super::{AuthProvider, AuthResult, Authentication, IntoAuthProvider, PrincipalSource, ask};
use crate::{
    answer::{Asked, Check},
    error::{AuthError, ConfigError, ConfigErrorKind},
    request::{AuthRequest, AuthRequestBuf, CredentialSource},
};

/// A chain: providers are asked in order and the first that accepts wins.
///
/// Later providers are asked whatever an earlier one refused. If none accepts, the answer is the
/// refusal that ranks highest: could not check (503), throttled (429), hidden (404), missing scope
/// (403), another 403, malformed request (400), wrong credential (401). Among several 401 a specific
/// code (`expired_credential`) ranks above the general one, then the earliest counts. If every
/// provider says "not mine", the request has no credential. So an outage of one provider never becomes
/// a 401 of another, and never lets anyone in.
///
/// # Example
///
/// ```
/// use tower_auth::provider::{AllowlistAuth, ApiKeyAuth, CompositeAuth};
///
/// let chain = CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .or(AllowlistAuth::on_platforms(["telegram"], ["42"])?);
/// # let _ = chain;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct CompositeAuth {
    members: Arc<Vec<Arc<dyn AuthProvider>>>,
    sources: Arc<[CredentialSource]>,
}

impl CompositeAuth {
    /// A chain of one provider.
    pub fn new<Form>(first: impl IntoAuthProvider<Form>) -> Self {
        Self::of(vec![first.into_provider()])
    }

    /// Adds the provider that is asked next.
    #[must_use]
    pub fn or<Form>(mut self, next: impl IntoAuthProvider<Form>) -> Self {
        let mut members = std::mem::take(Arc::make_mut(&mut self.members));
        members.push(next.into_provider());
        Self::of(members)
    }

    /// A chain of the providers in a list.
    ///
    /// # Errors
    ///
    /// The list is empty: a chain without a provider would let nobody in.
    pub fn from_providers<Form, P: IntoAuthProvider<Form>>(
        members: impl IntoIterator<Item = P>,
    ) -> Result<Self, ConfigError> {
        let members = members.into_iter().map(IntoAuthProvider::into_provider);
        let members: Vec<_> = members.collect();
        if members.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "a chain needs at least one provider: add one, or use AuthLayer::disabled() to \
                 let everybody in",
            ));
        }
        Ok(Self::of(members))
    }

    fn of(members: Vec<Arc<dyn AuthProvider>>) -> Self {
        let mut sources: Vec<CredentialSource> = Vec::new();
        for source in members.iter().flat_map(|member| member.credentials()) {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        Self {
            members: Arc::new(members),
            sources: sources.into(),
        }
    }
}

impl AuthProvider for CompositeAuth {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let mut refusals = Refusals::default();
        for (index, member) in self.members.iter().enumerate() {
            match ask(member, request) {
                Asked::Answered(Ok(Some(context))) => return Ok(Some(context)).into(),
                Asked::Answered(answer) => refusals.add(answer),
                Asked::Waiting(check) => {
                    let rest = RemainingMembers {
                        members: Arc::clone(&self.members),
                        next: index.saturating_add(1),
                        request: request.to_buf(),
                    };
                    return Authentication::pending(rest.ask(check, refusals));
                }
            }
        }
        refusals.answer().into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        self.members
            .iter()
            .flat_map(|member| member.credential_sets())
            .collect()
    }

    /// Empty: each member answers under its own name.
    fn name(&self) -> &'static str {
        ""
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.members
            .iter()
            .flat_map(|member| member.principal_sources())
            .collect()
    }

    fn members(&self) -> Vec<Arc<dyn AuthProvider>> {
        self.members.to_vec()
    }
}

impl fmt::Debug for CompositeAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.members.iter().map(|member| member.name()))
            .finish()
    }
}

/// The members of a chain that are asked once a pending member has answered.
struct RemainingMembers {
    members: Arc<Vec<Arc<dyn AuthProvider>>>,
    next: usize,
    request: AuthRequestBuf,
}

impl RemainingMembers {
    async fn ask(self, first: Check<AuthResult>, mut refusals: Refusals) -> AuthResult {
        match first.await {
            Ok(Some(context)) => return Ok(Some(context)),
            answer => refusals.add(answer),
        }
        for member in self.members.iter().skip(self.next) {
            match ask(member, &self.request.as_request()).answer().await {
                Ok(Some(context)) => return Ok(Some(context)),
                answer => refusals.add(answer),
            }
        }
        refusals.answer()
    }
}

/// The refusal so far that ranks highest.
#[derive(Default)]
struct Refusals {
    highest: Option<AuthError>,
}

impl Refusals {
    fn add(&mut self, answer: AuthResult) {
        let Err(error) = answer else { return };
        if self
            .highest
            .as_ref()
            .is_none_or(|highest| error.outranks(highest))
        {
            self.highest = Some(error);
        }
    }

    fn answer(self) -> AuthResult {
        self.highest.map_or(Ok(None), Err)
    }
}
