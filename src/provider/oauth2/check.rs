//! Judging a token with an issuer's keys: at once where they are there.

use std::sync::{Arc, OnceLock};

use super::{AuthResult, Authentication, METHOD, settings::Settings};
use crate::{
    clock::Clock,
    error::{AuthError, Mismatch},
    issuer::keys::{Keyring, Missing, Snapshot, Source, Ticket},
    jose::{Algorithm, ClaimRules, Claims, HeaderRules, JoseError, Jws, Key, TokenType},
    provider::token::{Recalled, TokenJudge, refused},
    request::ClientAddress,
};

/// One issuer's keys, the rules for its tokens, and the tokens that are remembered.
#[derive(Debug)]
pub(super) struct Check {
    algorithms: Box<[Algorithm]>,
    header_rules: HeaderRules,
    strict_at_jwt: bool,
    rules: ClaimRules,
    judge: TokenJudge,
    keys: Arc<Keyring>,
    clock: Clock,
}

/// What is known about a token so far.
enum Verdict {
    Said(AuthResult),
    /// It takes a fetch to tell.
    Wait(Ticket),
}

impl Check {
    pub(super) fn new(settings: &Settings) -> Self {
        let source = Source {
            issuer: settings.issuer.clone(),
            place: settings.place.clone(),
            algorithms: settings.algorithms.clone(),
            transport: settings.transport.clone(),
            bearer: settings.bearer.clone(),
            fetcher: OnceLock::new(),
        };
        let rules = settings.claim_rules();
        Self {
            algorithms: settings.algorithms.clone(),
            header_rules: settings.header_rules.clone(),
            strict_at_jwt: settings.strict_at_jwt,
            judge: TokenJudge::new(
                METHOD,
                (None, settings.grants.clone()),
                rules.clone(),
                settings.remembered,
            ),
            rules,
            keys: Keyring::new(source, settings.pace.clone(), settings.clock.clone()),
            clock: settings.clock.clone(),
        }
    }

    pub(super) async fn warm_up(&self) -> Result<(), AuthError> {
        self.keys.warm_up().await.map_err(Into::into)
    }

    pub(super) async fn judge(&self, token: &[u8]) -> AuthResult {
        match self.attempt(token, None) {
            Verdict::Said(answer) => answer,
            Verdict::Wait(ticket) => {
                let _place = self.keys.place(None, self.clock.now())?;
                self.judge_after(token, ticket).await
            }
        }
    }

    pub(super) fn judge_bytes(
        self: &Arc<Self>,
        token: &[u8],
        client: impl FnOnce() -> Option<ClientAddress>,
    ) -> Authentication {
        let ticket = match self.attempt(token, None) {
            Verdict::Said(answer) => return answer.into(),
            Verdict::Wait(ticket) => ticket,
        };
        match self.keys.place(client(), self.clock.now()) {
            Err(full) => Err(AuthError::from(full)).into(),
            Ok(place) => {
                let (check, token) = (Arc::clone(self), token.to_owned());
                Authentication::pending(async move {
                    let _place = place;
                    check.judge_after(&token, ticket).await
                })
            }
        }
    }

    async fn judge_after(&self, token: &[u8], mut ticket: Ticket) -> AuthResult {
        let deadline = self.keys.deadline();
        loop {
            self.keys.wait(ticket, deadline).await?;
            match self.attempt(token, Some(ticket)) {
                Verdict::Said(answer) => return answer,
                Verdict::Wait(next) => ticket = next,
            }
        }
    }

    /// Judges the token with the keys there are, or says which fetch to wait for.
    fn attempt(&self, token: &[u8], waited: Option<Ticket>) -> Verdict {
        self.try_judge(token, waited)
            .unwrap_or_else(|error| Verdict::Said(Err(error)))
    }

    fn try_judge(&self, token: &[u8], waited: Option<Ticket>) -> Result<Verdict, AuthError> {
        let now = self.clock.now();
        let loaded = self.keys.load();
        let Some(snapshot) = self.keys.usable(&loaded, now) else {
            self.check_unverified(&self.parse(token)?, now)?;
            return Ok(Verdict::Wait(self.keys.want_keys(now)?));
        };
        let seat = match self.judge.recall(token, snapshot.generation, now) {
            Recalled::Known(answer) => return Ok(Verdict::Said(answer)),
            Recalled::Vacant(seat) => seat,
        };
        let jws = self.parse(token)?;
        match snapshot.set.key_for(&jws) {
            // The only key that fits, without an id: what it does not verify may be of a newer one.
            Ok(key) if is_guess(key, &jws) && !jws.is_signed_with(key) => {
                self.unknown_key(&jws, snapshot, waited, now)
            }
            Ok(key) => Ok(Verdict::Said(
                seat.judge(jws, key, |claims| self.check_at_jwt(claims)),
            )),
            Err(JoseError::KidUnknown) => self.unknown_key(&jws, snapshot, waited, now),
            Err(error) => Err(refused(error)),
        }
    }

    /// What becomes of a token whose key is not in the set.
    ///
    /// Only one that could be accepted with some key is worth a fetch, and only a key that was
    /// never seen is worth waiting for.
    fn unknown_key(
        &self,
        jws: &Jws<'_>,
        snapshot: &Snapshot,
        waited: Option<Ticket>,
        now: u64,
    ) -> Result<Verdict, AuthError> {
        self.check_unverified(jws, now)?;
        let kid = jws.key_id().unwrap_or_default();
        match self.keys.want_key(kid, snapshot, waited, now)? {
            Missing::Wait(ticket) => Ok(Verdict::Wait(ticket)),
            Missing::Unknown => Err(refused(JoseError::KidUnknown)),
            Missing::Withdrawn => Err(AuthError::invalid_credential("jwt_kid_withdrawn")),
        }
    }

    /// What can be said of a token without any key.
    fn parse<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, AuthError> {
        let jws = self.header_rules.parse_bytes(token).map_err(refused)?;
        if !self.algorithms.contains(&jws.algorithm()) {
            return Err(refused(JoseError::AlgMismatch));
        }
        // RFC 9068 §4
        if self.strict_at_jwt && jws.token_type() != Some(TokenType::AccessToken) {
            return Err(refused(JoseError::Typ));
        }
        Ok(jws)
    }

    /// Refuses a token that no key could mend: another issuer's is none of ours, and one that has
    /// expired is of no use to anybody.
    fn check_unverified(&self, jws: &Jws<'_>, now: u64) -> Result<(), AuthError> {
        let json = jws.unverified_claims().map_err(refused)?;
        let claims = match self.rules.check(json, now) {
            // The one fault that the caller may know of, once the token has verified.
            Err(JoseError::ScopeMissing) => return Ok(()),
            checked => checked,
        };
        let claims = claims.map_err(|error| {
            // Not the code of one that verified: the caller learns no more than "not valid".
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

    /// RFC 9068 §2.2: what an access token has beside what every token here has.
    fn check_at_jwt(&self, claims: &Claims<'_>) -> Result<(), &'static str> {
        if !self.strict_at_jwt {
            return Ok(());
        }
        if claims.text("sub").is_none_or(|sub| sub.is_empty()) {
            return Err("at_jwt_sub_missing");
        }
        if claims.text("client_id").is_none_or(|id| id.is_empty()) {
            return Err("at_jwt_client_id_missing");
        }
        if claims.issued_at().is_none() {
            return Err("at_jwt_iat_missing");
        }
        if claims.token_id().is_none() {
            return Err("at_jwt_jti_missing");
        }
        Ok(())
    }
}

/// Whether the token names a key, and this one has no name.
fn is_guess(key: &Key, jws: &Jws<'_>) -> bool {
    key.id().is_none() && jws.key_id().is_some()
}

/// Says that anybody may have written what came.
pub(super) fn unverified(mut mismatch: Mismatch) -> Mismatch {
    mismatch.is_verified = false;
    mismatch
}
