//! The answers of an introspection endpoint (RFC 7662 §2.2), read strictly.

use std::borrow::Cow;

use crate::{
    context::{AuthContext, ClaimPath, IssuedAt, TokenId, Verified},
    error::{AuthError, Mismatch},
    issuer::fetch::FetchError,
    jose::{
        JoseError,
        claims::{confirms, holds, read_audience, read_scope, scopes, texts},
        json::{Fault, Members, Value},
        number::time,
        requirement::Requirement,
        user_id::{UserId, UserIdClaims, member, non_empty},
    },
    provider::{
        Grants, SourceLabel, TokenAuthority,
        opaque::{ActiveToken, endpoint_failed},
    },
};

/// The requirements for a token that the endpoint calls active.
#[derive(Clone, Debug)]
pub(super) struct ActiveTokenRules {
    pub(super) audiences: Vec<Box<str>>,
    pub(super) issuer: Option<Box<str>>,
    pub(super) label: Option<SourceLabel>,
    pub(super) grants: Grants,
    pub(super) scope_claim: ClaimPath,
    pub(super) user_id: UserIdClaims,
    pub(super) accepts_clients: bool,
    pub(super) ignores_confirmation: bool,
    pub(super) required_claims: Vec<Requirement>,
    pub(super) required_scopes: Vec<Box<str>>,
    /// The address of the endpoint, as it is shown.
    endpoint: Box<str>,
}

impl ActiveTokenRules {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            audiences: Vec::new(),
            issuer: None,
            label: None,
            grants: Grants::default(),
            scope_claim: "scope".into(),
            user_id: UserIdClaims::default(),
            accepts_clients: false,
            ignores_confirmation: false,
            required_claims: Vec::new(),
            required_scopes: Vec::new(),
            endpoint: endpoint.into(),
        }
    }

    /// The authority behind a user id: the configured issuer, or else the label, or else the endpoint.
    fn authority(&self) -> TokenAuthority<'_> {
        let endpoint = self.label.is_none().then_some(&self.endpoint);
        TokenAuthority {
            issuer: self.issuer.as_ref().or(endpoint).map(|name| &**name),
            label: self.label.as_ref(),
        }
    }

    /// The active token in an answer, or its refusal. The caller of this method checks the times.
    pub(super) fn judge(&self, body: &[u8]) -> Result<ActiveToken, AuthError> {
        self.read(body).map_err(|fault| match fault {
            AnswerFault::Invalid(reason) => AuthError::invalid_credential(reason),
            AnswerFault::Mismatched(reason, mismatch) => {
                AuthError::invalid_credential(reason).with_mismatch(mismatch)
            }
            AnswerFault::ScopeMissing => {
                AuthError::insufficient_scope(self.required_scopes.join(" "))
                    .with_reason("token_scope_missing")
            }
            AnswerFault::Malformed(why) => endpoint_failed(FetchError::Malformed(why)),
        })
    }

    fn read(&self, body: &[u8]) -> Result<ActiveToken, AnswerFault> {
        let json = std::str::from_utf8(body).map_err(|_| AnswerFault::Malformed("not UTF-8"))?;
        let members = self.members(json).map_err(malformed)?;
        // Of an inactive token no other member matters.
        if !matches!(members.active, Some(Value::True)) {
            return Err(AnswerFault::Invalid("token_inactive"));
        }
        members.check_purpose(self.ignores_confirmation)?;
        self.check_issuer(&members)?;
        self.check_audience(&members)?;
        self.check_claims(json)?;
        let (user_id, method) = self.caller(json, &members)?;
        let scope = read(members.scope, "a scope of another type", |value| {
            read_scope(value).ok()
        })?;
        let scopes = scopes(scope);
        let mut required = self.required_scopes.iter();
        if !required.all(|wanted| scopes.contains(wanted)) {
            return Err(AnswerFault::ScopeMissing);
        }
        let not_before = read(members.nbf, "a `nbf` that is no time", time)?;
        let issued_at = read(members.iat, "an `iat` that is no time", time)?;
        let expires_at = read(members.exp, "an `exp` that is no time", time)?;
        // An id that no revocation could name is not overlooked.
        let jti = read(members.jti, "a `jti` that is no string", text_of)?;
        let token_id = TokenId::of(json, jti.as_deref());
        let issuer = self.issuer.as_ref().unwrap_or(&self.endpoint).clone();
        let source = self
            .authority()
            .source(&user_id.claim.name, user_id.claim.is_first);
        Ok(ActiveToken {
            context: self.grants.limit(
                AuthContext::verified(Verified {
                    user_id: user_id.text.into(),
                    method,
                    issuer: Some(issuer.into()),
                    scopes: self.grants.of(scopes),
                    expires_at,
                    issued_at: issued_at.map(IssuedAt::Second),
                    token_id,
                    claims: user_id.claim.beside(json.into()),
                })
                .with_label(source),
            ),
            not_before,
            issued_at,
            expires_at,
            answer_len: json.len(),
        })
    }

    fn members<'a>(&self, json: &'a str) -> Result<AnswerMembers<'a>, Fault> {
        let mut known = AnswerMembers::default();
        let scope_claim = self.scope_claim.plain_name();
        let mut members = Members::of(json)?;
        while let Some((name, value)) = members.next()? {
            let value = there(value);
            if scope_claim.is_some_and(|claim| name.is(claim)) {
                known.scope = value;
            }
            match name.cow().as_ref() {
                "active" => known.active = value,
                "sub" => known.sub = value,
                "username" => known.username = value,
                "client_id" => known.client_id = value,
                "iss" => known.iss = value,
                "aud" => known.aud = value,
                "cnf" => known.cnf = value,
                "exp" => known.exp = value,
                "nbf" => known.nbf = value,
                "iat" => known.iat = value,
                "jti" => known.jti = value,
                "token_type" => known.token_type = value,
                "token_use" => known.token_use = value,
                "typ" => known.typ = value,
                _ => {}
            }
        }
        if scope_claim.is_none() {
            let found = self.scope_claim.walk(Value::Object(json), member)?;
            known.scope = found.and_then(there);
        }
        Ok(known)
    }

    fn check_issuer(&self, members: &AnswerMembers<'_>) -> Result<(), AnswerFault> {
        let Some(wanted) = &self.issuer else {
            return Ok(());
        };
        match read(members.iss, "an `iss` that is no string", non_empty)? {
            None => Err(AnswerFault::Invalid("token_iss_missing")),
            Some(named) if *named == **wanted => Ok(()),
            Some(named) => {
                let mismatch = Mismatch::new(wanted.to_string(), Some(&named));
                Err(AnswerFault::Mismatched("token_iss_mismatch", mismatch))
            }
        }
    }

    fn check_audience(&self, members: &AnswerMembers<'_>) -> Result<(), AnswerFault> {
        if self.audiences.is_empty() {
            return Ok(());
        }
        // An empty list is well-formed here, and names no audience.
        let audience = match members.aud {
            Some(Value::Array(json)) if json.bytes().all(is_empty_list) => None,
            aud => read(aud, "an `aud` of another type", |value| {
                read_audience(value).ok()
            })?,
        };
        let Some(audience) = audience else {
            return Err(AnswerFault::Invalid("token_aud_missing"));
        };
        if self.audiences.iter().any(|wanted| holds(audience, wanted)) {
            return Ok(());
        }
        let came: Vec<_> = texts(Some(audience)).map(|text| text.cow()).collect();
        let mismatch = Mismatch::new(self.audiences.join(" "), Some(&came.join(" ")));
        Err(AnswerFault::Mismatched("token_aud_mismatch", mismatch))
    }

    /// Requires the configured claims, each with its value.
    fn check_claims(&self, json: &str) -> Result<(), AnswerFault> {
        for required in &self.required_claims {
            required.check(json).map_err(|error| match error {
                JoseError::ClaimMissing => AnswerFault::Invalid("token_claim_missing"),
                JoseError::ClaimMismatch => AnswerFault::Invalid("token_claim_mismatch"),
                _ => AnswerFault::Malformed("a claim that cannot be read"),
            })?;
        }
        Ok(())
    }

    /// The user id and the method.
    fn caller<'a>(
        &self,
        json: &'a str,
        members: &AnswerMembers<'a>,
    ) -> Result<(UserId<'a>, &'static str), AnswerFault> {
        let user_id = match self.user_id.are_chosen() {
            true => self
                .user_id
                .find(json, |value| there(value).is_none())
                .map_err(|error| match error {
                    JoseError::EmailUnverified => AnswerFault::Invalid("token_email_unverified"),
                    _ => UNUSABLE,
                })?,
            false => match members.sub {
                Some(sub) => Some(UserId::usual(non_empty(sub).ok_or(UNUSABLE)?, "sub", true)),
                None => None,
            },
        };
        if let Some(user_id) = user_id {
            return Ok((user_id, NAME));
        }
        // A token that names a user in any way acts for that user, and not for its client.
        let names_user = members.sub.is_some() || members.username.is_some();
        if !self.accepts_clients || names_user {
            return Err(AnswerFault::Invalid("token_user_id_missing"));
        }
        match read(
            members.client_id,
            "a `client_id` that is no string",
            non_empty,
        )? {
            // The method tells clients from users, so the claim does not have to.
            Some(client_id) => Ok((UserId::usual(client_id, "client_id", true), CLIENT)),
            None => Err(AnswerFault::Invalid("token_user_id_missing")),
        }
    }
}

/// The value unless it is null: some endpoints write null for a member that RFC 7662 leaves out.
fn there(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Null => None,
        other => Some(other),
    }
}

fn malformed(fault: Fault) -> AnswerFault {
    AnswerFault::Malformed(match fault {
        Fault::DuplicateMember => "a member stands there twice",
        Fault::WrongType => "no object",
        _ => "no JSON",
    })
}

/// The members of an answer that are read.
#[derive(Default)]
struct AnswerMembers<'a> {
    active: Option<Value<'a>>,
    sub: Option<Value<'a>>,
    username: Option<Value<'a>>,
    client_id: Option<Value<'a>>,
    iss: Option<Value<'a>>,
    aud: Option<Value<'a>>,
    cnf: Option<Value<'a>>,
    exp: Option<Value<'a>>,
    nbf: Option<Value<'a>>,
    iat: Option<Value<'a>>,
    jti: Option<Value<'a>>,
    scope: Option<Value<'a>>,
    token_type: Option<Value<'a>>,
    token_use: Option<Value<'a>>,
    typ: Option<Value<'a>>,
}

impl AnswerMembers<'_> {
    /// Refuses a token that is not a bearer access token.
    ///
    /// Endpoints call refresh tokens active too, and `token_type_hint` is only a hint: a stolen refresh
    /// token could be used here for as long as it lives. A token bound to a key (RFC 8705, RFC 9449)
    /// must not be accepted without a proof that the caller has that key.
    fn check_purpose(&self, ignores_confirmation: bool) -> Result<(), AnswerFault> {
        if self.cnf.is_some_and(confirms) && !ignores_confirmation {
            return Err(AnswerFault::Invalid("token_sender_constrained"));
        }
        let is_one_of = |value: Value<'_>, names: &[&str]| {
            let text = non_empty(value);
            text.is_some_and(|text| names.iter().any(|name| text.eq_ignore_ascii_case(name)))
        };
        let fits = |value: Option<_>, names| value.is_none_or(|value| is_one_of(value, names));
        let is_dpop = self
            .token_type
            .is_some_and(|value| is_one_of(value, &["dpop"]));
        let fits = (fits(self.token_type, &["bearer", "access_token"])
            || (is_dpop && ignores_confirmation))
            && fits(self.token_use, &["access_token", "access"])
            // The values of `typ` are not registered, so only those that are known to mean another
            // kind of token are refused.
            && !self.typ.is_some_and(|typ| is_one_of(typ, &["refresh", "offline", "id", "dpop"]));
        if fits {
            Ok(())
        } else {
            Err(AnswerFault::Invalid("token_of_another_type"))
        }
    }
}

/// The reason why an answer is refused.
enum AnswerFault {
    /// The token is not valid for this service; holds the reason for the log.
    Invalid(&'static str),
    /// The token is of another issuer or for another audience.
    Mismatched(&'static str, Mismatch),
    /// The token lacks a scope that every token must have.
    ScopeMissing,
    /// The endpoint does not speak RFC 7662.
    Malformed(&'static str),
}

fn read<'a, T>(
    value: Option<Value<'a>>,
    fault: &'static str,
    how: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<Option<T>, AnswerFault> {
    match value {
        None => Ok(None),
        Some(value) => how(value).map(Some).ok_or(AnswerFault::Malformed(fault)),
    }
}

fn text_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(text.cow()),
        _ => None,
    }
}

fn is_empty_list(byte: u8) -> bool {
    matches!(byte, b'[' | b']') || byte.is_ascii_whitespace()
}

const UNUSABLE: AnswerFault = AnswerFault::Malformed("a user id that cannot be used");
/// The method of users, and the provider's name in the log.
pub(super) const NAME: &str = "introspection";
/// The method of clients that act for themselves.
pub(super) const CLIENT: &str = "introspection_client";
