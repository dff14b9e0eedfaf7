//! Checking a token with an issuer's keys: at once where the keys are there.

use std::sync::Arc;

use super::settings::{METHOD, OAuth2Settings};
use crate::{
    clock::Clock,
    error::{AuthError, Mismatch},
    issuer::{
        IssuerClient,
        keys::{FetchTicket, KeySource, Keyring, MissingKey, Snapshot},
    },
    jose::{Algorithm, ClaimRules, Claims, HeaderRules, JoseError, Jws, Key},
    provider::{
        AuthResult, Authentication, at_jwt,
        token::{Recalled, TokenVerifier, VerifierSettings, refused},
    },
    request::ClientAddress,
};

/// One issuer's keys, the rules for its tokens, and the tokens that are remembered.
#[derive(Debug)]
pub(super) struct TokenChecker {
    algorithms: Box<[Algorithm]>,
    header_rules: HeaderRules,
    strict_at_jwt: bool,
    rules: ClaimRules,
    verifier: TokenVerifier,
    keys: Arc<Keyring>,
    clock: Clock,
}

/// The result of a check with the present keys.
enum Attempt {
    Done(AuthResult),
    /// A fetch may bring the key that decides.
    Wait(FetchTicket),
}

impl TokenChecker {
    pub(super) fn new(settings: &OAuth2Settings) -> Self {
        let source = KeySource {
            issuer: settings.issuer.clone(),
            location: settings.location.clone(),
            algorithms: settings.algorithms.clone(),
            client: IssuerClient::new(
                settings.location.endpoint().clone(),
                settings.transport.clone(),
                settings.bearer.clone(),
            ),
        };
        let rules = settings.claim_rules();
        Self {
            algorithms: settings.algorithms.clone(),
            header_rules: settings.header_rules.clone(),
            strict_at_jwt: settings.strict_at_jwt,
            verifier: TokenVerifier::new(VerifierSettings {
                method: METHOD,
                label: None,
                grants: settings.grants.clone(),
                rules: rules.clone(),
                clock: settings.clock.clone(),
                remembered_tokens: settings.remembered_tokens,
            }),
            rules,
            keys: Keyring::new(source, settings.refresh.clone(), settings.clock.clone()),
            clock: settings.clock.clone(),
        }
    }

    pub(super) async fn warm_up(&self) -> Result<(), AuthError> {
        self.keys.warm_up().await.map_err(Into::into)
    }

    /// The answer for a token that did not come in a request; it waits for keys where it must.
    pub(super) async fn verify(&self, token: &[u8]) -> AuthResult {
        match self.attempt(token, None) {
            Attempt::Done(answer) => answer,
            Attempt::Wait(ticket) => {
                let _permit = self.keys.permit_to_wait(None, self.clock.now())?;
                self.answer_after(token, ticket).await
            }
        }
    }

    /// The answer for a token of a request. `client` gives the address that a waiting request counts
    /// for.
    pub(super) fn answer(
        self: &Arc<Self>,
        token: &[u8],
        client: impl FnOnce() -> Option<ClientAddress>,
    ) -> Authentication {
        let ticket = match self.attempt(token, None) {
            Attempt::Done(answer) => return answer.into(),
            Attempt::Wait(ticket) => ticket,
        };
        match self.keys.permit_to_wait(client(), self.clock.now()) {
            Err(full) => Err(AuthError::from(full)).into(),
            Ok(permit) => {
                let (check, token) = (Arc::clone(self), token.to_owned());
                Authentication::pending(async move {
                    let _permit = permit;
                    check.answer_after(&token, ticket).await
                })
            }
        }
    }

    async fn answer_after(&self, token: &[u8], mut ticket: FetchTicket) -> AuthResult {
        let deadline = self.keys.deadline();
        loop {
            self.keys.wait(ticket, deadline).await?;
            match self.attempt(token, Some(ticket)) {
                Attempt::Done(answer) => return answer,
                Attempt::Wait(next) => ticket = next,
            }
        }
    }

    /// Checks the token with the present keys, or returns the fetch to wait for.
    fn attempt(&self, token: &[u8], waited: Option<FetchTicket>) -> Attempt {
        self.try_check(token, waited)
            .unwrap_or_else(|error| Attempt::Done(Err(error)))
    }

    fn try_check(&self, token: &[u8], waited: Option<FetchTicket>) -> Result<Attempt, AuthError> {
        let now = self.clock.now();
        let loaded = self.keys.load();
        let Some(snapshot) = self.keys.usable(&loaded, now) else {
            self.check_unverified(&self.parse(token)?, now)?;
            return Ok(Attempt::Wait(self.keys.request_keys(now)?));
        };
        let unverified = match self.verifier.recall(token, snapshot.generation, now) {
            Recalled::Known(answer) => return Ok(Attempt::Done(answer)),
            Recalled::Unknown(unverified) => unverified,
        };
        let jws = self.parse(token)?;
        match snapshot.set.key_for(&jws) {
            // The only key that fits has no id: a token that it does not verify may be of a newer key.
            Ok(key) if is_guess(key, &jws) && !jws.is_signed_with(key) => {
                self.unknown_key(&jws, snapshot, waited, now)
            }
            Ok(key) => Ok(Attempt::Done(
                unverified.verify(jws, key, |claims| self.check_at_jwt(claims)),
            )),
            Err(JoseError::KidUnknown) => self.unknown_key(&jws, snapshot, waited, now),
            Err(error) => Err(refused(error)),
        }
    }

    /// Decides about a token whose key is not in the set.
    ///
    /// A token causes a fetch only if its claims could be accepted. It waits for the fetch only if its
    /// key was never seen.
    fn unknown_key(
        &self,
        jws: &Jws<'_>,
        snapshot: &Snapshot,
        waited: Option<FetchTicket>,
        now: u64,
    ) -> Result<Attempt, AuthError> {
        self.check_unverified(jws, now)?;
        let kid = jws.key_id().unwrap_or_default();
        match self.keys.request_key(kid, snapshot, waited, now)? {
            MissingKey::Wait(ticket) => Ok(Attempt::Wait(ticket)),
            MissingKey::Unknown => Err(refused(JoseError::KidUnknown)),
            MissingKey::Withdrawn => Err(AuthError::invalid_credential("jwt_kid_withdrawn")),
        }
    }

    /// Parses a token and checks its header, for which no key is needed.
    fn parse<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, AuthError> {
        let jws = self.header_rules.parse_bytes(token).map_err(refused)?;
        if !self.algorithms.contains(&jws.algorithm()) {
            return Err(refused(JoseError::AlgMismatch));
        }
        if self.strict_at_jwt {
            at_jwt::check_type(&jws).map_err(refused)?;
        }
        Ok(jws)
    }

    /// Refuses a token that would be refused whatever its key: one of another issuer, or one that has
    /// expired.
    fn check_unverified(&self, jws: &Jws<'_>, now: u64) -> Result<(), AuthError> {
        let json = jws.unverified_claims().map_err(refused)?;
        let claims = match self.rules.check(json, now) {
            // A missing scope is a 403, which only the holder of a verified token may learn.
            Err(JoseError::ScopeMissing) => return Ok(()),
            checked => checked,
        };
        let claims = claims.map_err(|error| {
            // Nothing is verified yet, so the caller learns no more than "not valid".
            let refused = AuthError::invalid_credential(match error {
                JoseError::Expired => "jwt_expired_unverified",
                other => other.code(),
            });
            match self.rules.mismatch(json, error) {
                Some(mismatch) => refused.with_mismatch(unverified(mismatch)),
                None => refused,
            }
        })?;
        self.check_at_jwt(&claims)
            .map_err(AuthError::invalid_credential)
    }

    /// Requires the claims of an access token, where that is set.
    fn check_at_jwt(&self, claims: &Claims<'_>) -> Result<(), &'static str> {
        match self.strict_at_jwt {
            true => at_jwt::check_claims(claims),
            false => Ok(()),
        }
    }
}

/// Whether the token names a key and this key has no name.
fn is_guess(key: &Key, jws: &Jws<'_>) -> bool {
    key.id().is_none() && jws.key_id().is_some()
}

/// Marks a mismatch as found in a token that nobody verified.
pub(super) fn unverified(mut mismatch: Mismatch) -> Mismatch {
    mismatch.is_verified = false;
    mismatch
}
