//! One provider as the layer asks it: ambiguous requests are refused first.

use std::sync::Arc;

use http::HeaderMap;

use super::unread;
use crate::{
    answer::Asked,
    attempts::CredentialDigest,
    caught::caught,
    context::AuthContext,
    error::AuthError,
    log::TARGET,
    provider::{AuthProvider, Authentication, CompositeAuth, ask, authentication::AuthResult},
    refusal::{Challenges, Realm, Wording},
    request::{AuthRequest, CredentialSource, Place, Rank, shown_in_two_places},
};

/// A provider, and its credential places and challenges, which are known before any request.
#[derive(Clone)]
pub(super) struct ScreenedProvider {
    provider: Arc<dyn AuthProvider>,
    /// Every place that one of its providers reads, once; behind those of credentials, those of second
    /// factors.
    places: Box<[Place]>,
    /// How many of the places are those of credentials.
    of_credentials: usize,
    /// Whether one of several providers names no place: it may read any.
    reads_unnamed: bool,
    /// For each of its providers that reads several, those which must not speak at once.
    exclusive: Box<[Vec<Place>]>,
    pub(super) wording: Wording,
}

impl ScreenedProvider {
    pub(super) fn new(provider: Arc<dyn AuthProvider>, realm: Realm) -> Self {
        let sets = provider.credential_sets();
        warn_of_unnamed(&*provider, &sets);
        let mut places: Vec<Place> = Vec::new();
        let mut add = |is_second_factor| {
            let sources = sets.iter().flatten();
            for source in sources.filter(|source| source.is_second_factor() == is_second_factor) {
                if !places.contains(source.place()) {
                    places.push(source.place().clone());
                }
            }
            places.len()
        };
        let of_credentials = add(false);
        add(true);
        let reads_unnamed = sets.len() > 1 && sets.iter().any(Vec::is_empty);
        let exclusive = sets
            .iter()
            .flat_map(|set| [of_rank(set, Rank::First), of_rank(set, Rank::Cookie)])
            .filter(|places| places.len() > 1)
            .collect();
        let sources: Vec<CredentialSource> = sets.into_iter().flatten().collect();
        Self {
            wording: Wording::new(Challenges::of(&sources), realm),
            places: places.into(),
            of_credentials,
            reads_unnamed,
            exclusive,
            provider,
        }
    }

    /// A provider that lets everybody in: as the caller whom one of these providers knows, else as an
    /// anonymous caller.
    pub(super) fn open(known: impl IntoIterator<Item = Arc<dyn AuthProvider>>) -> Self {
        let anybody = Anybody(
            AuthContext::new("anonymous")
                .with_method("anonymous")
                .with_scopes(["*"]),
        );
        let mut known: Vec<_> = known.into_iter().collect();
        if known.is_empty() {
            return Self::new(Arc::new(anybody), Realm::default());
        }
        known.push(Arc::new(anybody));
        let chain = CompositeAuth::from_providers(known);
        let chain = chain.expect("INVARIANT: the chain is not empty");
        Self::new(Arc::new(chain), Realm::default())
    }

    /// The provider in another realm.
    pub(super) fn in_realm(&self, realm: &Realm) -> Self {
        Self {
            wording: self.wording.in_realm(realm.clone()),
            ..self.clone()
        }
    }

    pub(super) fn provider(&self) -> &dyn AuthProvider {
        &self.provider
    }

    pub(super) fn shared(&self) -> Arc<dyn AuthProvider> {
        Arc::clone(&self.provider)
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The refusal of a request that shows nothing to any of its providers.
    pub(super) fn missing_credential(&self, headers: &HeaderMap) -> AuthError {
        let error = AuthError::missing_credential();
        match unread::reason(&self.places, headers) {
            Some(reason) => error.with_reason(reason),
            None => error,
        }
    }

    pub(super) fn ask(&self, request: &AuthRequest<'_>) -> Asked<AuthResult> {
        ask(&self.provider, request)
    }

    /// What a request shows, unless it can be read in more than one way.
    ///
    /// Two parsers must never pick different credentials, so ambiguity is refused before anyone is
    /// asked.
    ///
    /// The digest gets everything that is shown in the places together: a good key beside a guess is
    /// another credential than the key alone.
    pub(super) fn screen(
        &self,
        request: &AuthRequest<'_>,
        mut digest: Option<&mut CredentialDigest>,
    ) -> Result<Shown, AuthError> {
        let mut credential: Option<&Place> = None;
        let mut shown = match self.places.is_empty() {
            // A provider that names no place may read any.
            true => Shown::One,
            false => Shown::Nothing,
        };
        for (number, place) in self.places.iter().enumerate() {
            let found = request.look(place)?;
            if let Some(digest) = &mut digest {
                digest.add(found.as_deref());
            }
            if found.is_none() {
                continue;
            }
            let is_credential = number < self.of_credentials;
            let is_another = credential.is_some_and(|first| !first.overlaps(place));
            if is_credential && (is_another || self.reads_unnamed) {
                shown = Shown::Several;
            } else if shown == Shown::Nothing {
                shown = Shown::One;
            }
            if is_credential {
                credential.get_or_insert(place);
            }
        }
        for set in &self.exclusive {
            let mut shown: Option<&Place> = None;
            for place in set {
                if shown.is_some_and(|first| first.overlaps(place)) {
                    continue;
                }
                if request.look(place)?.is_some() && shown.replace(place).is_some() {
                    return Err(shown_in_two_places());
                }
            }
        }
        Ok(shown)
    }
}

/// How many credentials a request shows that one answer is about. A second factor is none: whoever
/// judges it has accepted the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Nothing,
    One,
    Several,
}

/// A provider that forgot to name its places has its credential in logs and shown twice; one that reads
/// none has no set of places at all.
fn warn_of_unnamed(provider: &dyn AuthProvider, sets: &[Vec<CredentialSource>]) {
    let mut at = 0_usize;
    for set in sets {
        at = at.saturating_add(1);
        if set.is_empty() {
            // One that panics here is a 503 at each of its requests.
            let name = caught(|| provider.name()).unwrap_or_default();
            tracing::warn!(
                target: TARGET,
                provider = (!name.is_empty()).then_some(name),
                // Which one of a chain.
                position = (sets.len() > 1).then_some(at),
                "a provider names no credentials: their header is not marked as sensitive, may be \
                 sent twice and is not hidden. Name the places that it reads (`credentials()`, \
                 `with_credentials`); where it reads none, let `credential_sets()` return an empty \
                 list, or give `with_credentials` one"
            );
        }
    }
}

/// The places of a rank, each once: a provider made of several may name one again.
fn of_rank(set: &[CredentialSource], rank: Rank) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for source in set.iter().filter(|source| source.rank() == rank) {
        if !places.contains(source.place()) {
            places.push(source.place().clone());
        }
    }
    places
}

struct Anybody(AuthContext);

impl AuthProvider for Anybody {
    fn authenticate(&self, _: &AuthRequest<'_>) -> Authentication {
        Ok(Some(self.0.clone())).into()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        Vec::new()
    }

    fn name(&self) -> &'static str {
        "anonymous"
    }
}
