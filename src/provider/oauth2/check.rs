//! Judging a token with an issuer's keys: at once where they are there.

use std::sync::{Arc, OnceLock};

use super::{AuthResult, Authentication, METHOD, settings::Settings};
use crate::{
    AuthError, Clock,
    jose::{Algorithm, Claims, JoseError, Jws, TokenType},
    jwks::{Keyring, Source, Ticket},
    provider::token::{Recalled, TokenJudge, refused},
};

/// One issuer's keys, the rules for its tokens, and the tokens that are remembered.
#[derive(Debug)]
pub(super) struct Check {
    issuer: Box<str>,
    algorithms: Box<[Algorithm]>,
    strict_at_jwt: bool,
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
            client: settings.client.clone(),
            fetcher: OnceLock::new(),
        };
        Self {
            issuer: settings.issuer.clone(),
            algorithms: settings.algorithms.clone(),
            strict_at_jwt: settings.strict_at_jwt,
            judge: TokenJudge::new(METHOD, settings.claim_rules(), settings.remembered),
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
            Verdict::Wait(ticket) => self.judge_after(token, ticket).await,
        }
    }

    pub(super) fn judge_bytes(self: &Arc<Self>, token: &[u8]) -> Authentication {
        match self.attempt(token, None) {
            Verdict::Said(answer) => answer.into(),
            Verdict::Wait(ticket) => {
                let (check, token) = (Arc::clone(self), token.to_owned());
                Authentication::pending(async move { check.judge_after(&token, ticket).await })
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
            self.check_issuer(&self.parse(token)?)?;
            return Ok(Verdict::Wait(self.keys.want_keys(now)?));
        };
        let generation = snapshot.generation;
        let name = match self.judge.recall(token, generation, now) {
            Recalled::Verdict(answer) => return Ok(Verdict::Said(answer)),
            Recalled::Nothing(name) => name,
        };
        let jws = self.parse(token)?;
        match snapshot.set.key_for(&jws) {
            Ok(key) => Ok(Verdict::Said(self.judge.judge(
                name,
                jws,
                (key, generation),
                now,
                |claims| self.check_at_jwt(claims),
            ))),
            Err(JoseError::KidUnknown) => {
                self.check_issuer(&jws)?;
                match self.keys.want_key(snapshot, waited, now)? {
                    Some(ticket) => Ok(Verdict::Wait(ticket)),
                    None => Err(refused(JoseError::KidUnknown)),
                }
            }
            Err(error) => Err(refused(error)),
        }
    }

    /// What can be said of a token without any key.
    fn parse<'t>(&self, token: &'t [u8]) -> Result<Jws<'t>, AuthError> {
        let jws = Jws::parse_bytes(token).map_err(refused)?;
        if !self.algorithms.contains(&jws.algorithm()) {
            return Err(refused(JoseError::AlgMismatch));
        }
        // RFC 9068 §4
        if self.strict_at_jwt && jws.token_type() != Some(TokenType::AccessToken) {
            return Err(refused(JoseError::Typ));
        }
        Ok(jws)
    }

    /// Whether it is worth fetching keys for the token: another issuer's is none of ours, and is
    /// refused whatever the keys are.
    fn check_issuer(&self, jws: &Jws<'_>) -> Result<(), AuthError> {
        match jws.unverified_issuer() {
            Ok(Some(issuer)) if *issuer == *self.issuer => Ok(()),
            Ok(Some(_)) => Err(refused(JoseError::IssMismatch)),
            Ok(None) => Err(refused(JoseError::IssMissing)),
            Err(error) => Err(refused(error)),
        }
    }

    /// RFC 9068 §2.2: what an access token has beside what every token here has.
    fn check_at_jwt(&self, claims: &Claims<'_>) -> Result<(), &'static str> {
        if !self.strict_at_jwt {
            return Ok(());
        }
        if claims.user_id_claim() != "sub" {
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
