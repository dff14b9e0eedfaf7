//! What an introspection endpoint says (RFC 7662 §2.2), read strictly.

use std::borrow::Cow;

use crate::{
    AuthContext, AuthError,
    fetch::FetchError,
    jose::{
        claims::{
            TextOrList, non_empty, read_audience, read_scope, scopes, text_or_integer, texts, time,
        },
        json::{Fault, Members, Value},
    },
    provider::{
        Grants, Label,
        opaque::{Vouched, endpoint_failed},
    },
};

/// What is required of a token that is active.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) audiences: Vec<Box<str>>,
    pub(super) issuer: Option<Box<str>>,
    pub(super) label: Option<Label>,
    pub(super) grants: Grants,
    pub(super) scope_claim: Box<str>,
    pub(super) user_id_claim: &'static str,
    pub(super) accepts_clients: bool,
    endpoint: Box<str>,
}

impl Rules {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            audiences: Vec::new(),
            issuer: None,
            label: None,
            grants: Grants::default(),
            scope_claim: "scope".into(),
            user_id_claim: "sub",
            accepts_clients: false,
            endpoint: endpoint.into(),
        }
    }

    /// Judges everything but the times.
    pub(super) fn judge(&self, body: &[u8]) -> Result<Vouched, AuthError> {
        self.read(body).map_err(|unfit| match unfit {
            Unfit::Wrong(reason) => AuthError::invalid_credential(reason),
            Unfit::Malformed(why) => endpoint_failed(FetchError::Malformed(why)),
        })
    }

    fn read(&self, body: &[u8]) -> Result<Vouched, Unfit> {
        let json = std::str::from_utf8(body).map_err(|_| Unfit::Malformed("not UTF-8"))?;
        let told = self.told(json).map_err(|fault| {
            Unfit::Malformed(match fault {
                Fault::DuplicateMember => "a member stands there twice",
                Fault::WrongType => "no object",
                _ => "no JSON",
            })
        })?;
        // Of an inactive token nothing else is said, and nothing else matters.
        if !matches!(told.active, Some(Value::True)) {
            return Err(Unfit::Wrong("token_inactive"));
        }
        told.check_purpose()?;
        self.check_issuer(&told)?;
        self.check_audience(&told)?;
        let (user_id, user_id_claim, method) = self.caller(&told)?;
        let scope = read(told.scope, "a scope of another type", |value| {
            read_scope(value, &self.scope_claim).ok()
        })?;
        let not_before = read(told.nbf, "a `nbf` that is no time", time)?;
        let issued_at = read(told.iat, "an `iat` that is no time", time)?;
        let expires_at = read(told.exp, "an `exp` that is no time", time)?;
        let issuer = self.issuer.as_ref().unwrap_or(&self.endpoint).clone();
        let label = self.label.as_ref().filter(|_| self.issuer.is_none());
        Ok(Vouched {
            context: self.grants.limit(
                AuthContext::verified(
                    user_id.into(),
                    method,
                    Some(issuer.into()),
                    self.grants.of(scopes(scope)),
                    expires_at,
                    (json.into(), user_id_claim),
                )
                .with_label(label.map(Label::text)),
            ),
            not_before,
            issued_at,
            expires_at,
            size: json.len(),
        })
    }

    fn told<'a>(&self, json: &'a str) -> Result<Told<'a>, Fault> {
        let mut told = Told::default();
        let mut members = Members::of(json)?;
        while let Some((name, value)) = members.next()? {
            // Some endpoints write null for what RFC 7662 would have them leave out.
            let value = match value {
                Value::Null => None,
                other => Some(other),
            };
            if name.is(&self.scope_claim) {
                told.scope = value;
            }
            if name.is(self.user_id_claim) {
                told.user_id = value;
            }
            match name.cow().as_ref() {
                "active" => told.active = value,
                "sub" => told.sub = value,
                "username" => told.username = value,
                "client_id" => told.client_id = value,
                "iss" => told.iss = value,
                "aud" => told.aud = value,
                "exp" => told.exp = value,
                "nbf" => told.nbf = value,
                "iat" => told.iat = value,
                "token_type" => told.token_type = value,
                "token_use" => told.token_use = value,
                "typ" => told.typ = value,
                _ => {}
            }
        }
        Ok(told)
    }

    fn check_issuer(&self, told: &Told<'_>) -> Result<(), Unfit> {
        let Some(wanted) = &self.issuer else {
            return Ok(());
        };
        match read(told.iss, "an `iss` that is no string", non_empty)? {
            None => Err(Unfit::Wrong("token_iss_missing")),
            Some(named) if *named == **wanted => Ok(()),
            Some(_) => Err(Unfit::Wrong("token_iss_mismatch")),
        }
    }

    fn check_audience(&self, told: &Told<'_>) -> Result<(), Unfit> {
        if self.audiences.is_empty() {
            return Ok(());
        }
        // An empty list is well-formed here, and names nobody.
        let audience = match told.aud {
            Some(Value::Array(json)) if json.bytes().all(is_empty_list) => None,
            aud => read(aud, "an `aud` of another type", |value| {
                read_audience(value).ok()
            })?,
        };
        let Some(audience) = audience else {
            return Err(Unfit::Wrong("token_aud_missing"));
        };
        let wanted = |audience: TextOrList<'_>| {
            texts(Some(audience)).any(|text| self.audiences.iter().any(|one| text.is(one)))
        };
        if wanted(audience) {
            Ok(())
        } else {
            Err(Unfit::Wrong("token_aud_mismatch"))
        }
    }

    /// User id, the member that it is from, and method.
    fn caller<'a>(&self, told: &Told<'a>) -> Result<Caller<'a>, Unfit> {
        if let Some(value) = told.user_id {
            let user_id = match self.user_id_claim {
                "sub" | "username" => non_empty(value),
                // As in a token's own claims: what a database counts may be a number.
                _ => text_or_integer(value),
            };
            let user_id = user_id.ok_or(Unfit::Malformed("a user id that cannot be used"))?;
            return Ok((user_id, self.user_id_claim, super::NAME));
        }
        // A token that names a user in any way acts for that user, and not for its client.
        let names_user = told.sub.is_some() || told.username.is_some();
        if !self.accepts_clients || names_user {
            return Err(Unfit::Wrong("token_user_id_missing"));
        }
        match read(told.client_id, "a `client_id` that is no string", non_empty)? {
            Some(client_id) => Ok((client_id, "client_id", CLIENT)),
            None => Err(Unfit::Wrong("token_user_id_missing")),
        }
    }
}

type Caller<'a> = (Cow<'a, str>, &'static str, &'static str);

/// The members that are looked at, whatever they hold.
#[derive(Default)]
struct Told<'a> {
    active: Option<Value<'a>>,
    user_id: Option<Value<'a>>,
    sub: Option<Value<'a>>,
    username: Option<Value<'a>>,
    client_id: Option<Value<'a>>,
    iss: Option<Value<'a>>,
    aud: Option<Value<'a>>,
    exp: Option<Value<'a>>,
    nbf: Option<Value<'a>>,
    iat: Option<Value<'a>>,
    scope: Option<Value<'a>>,
    token_type: Option<Value<'a>>,
    token_use: Option<Value<'a>>,
    typ: Option<Value<'a>>,
}

impl Told<'_> {
    /// Refuses what is no access token for a bearer.
    ///
    /// Endpoints call refresh tokens active too, and `token_type_hint` is only a hint: whoever got
    /// hold of one could use it here for as long as it lives. A token bound to a key (RFC 9449)
    /// must not be accepted from one who does not prove to have that key.
    fn check_purpose(&self) -> Result<(), Unfit> {
        let is_one_of = |value: Value<'_>, names: &[&str]| {
            let text = non_empty(value);
            text.is_some_and(|text| names.iter().any(|name| text.eq_ignore_ascii_case(name)))
        };
        let fits = |value: Option<_>, names| value.is_none_or(|value| is_one_of(value, names));
        let fits = fits(self.token_type, &["bearer", "access_token"])
            && fits(self.token_use, &["access_token", "access"])
            // What a JSON Web Token holds under this name is not registered: only what is known to
            // be something else is refused.
            && !self.typ.is_some_and(|typ| is_one_of(typ, &["refresh", "offline", "id", "dpop"]));
        if fits {
            Ok(())
        } else {
            Err(Unfit::Wrong("token_of_another_type"))
        }
    }
}

/// Why an answer does not let anybody in.
enum Unfit {
    /// The token is not good, or not for us: the reason for the log.
    Wrong(&'static str),
    /// The endpoint does not speak RFC 7662.
    Malformed(&'static str),
}

fn read<'a, T>(
    value: Option<Value<'a>>,
    fault: &'static str,
    how: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<Option<T>, Unfit> {
    match value {
        None => Ok(None),
        Some(value) => how(value).map(Some).ok_or(Unfit::Malformed(fault)),
    }
}

fn is_empty_list(byte: u8) -> bool {
    matches!(byte, b'[' | b']') || byte.is_ascii_whitespace()
}

pub(super) const CLIENT: &str = "introspection_client";
