//! A revocation as an administrator asks for it, and as the audit records tell it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{RevocationEntry, Timestamp, revoked::RevokedSubject, revoked_digest::RevokedDigest};
use crate::context::Principal;

/// The credentials to end before their time: one token, or everything of a user or a principal.
///
/// # Example
///
/// ```
/// use std::time::SystemTime;
/// use tower_auth::{Principal, keys::Revocation};
///
/// let exp = SystemTime::now() + std::time::Duration::from_secs(3_600);
/// let token = Revocation::token("https://issuer.example", "7f03").until(exp).because("leaked");
///
/// let ada = Principal::new("oauth2", Some("https://issuer.example"), "ada");
/// let everything = Revocation::principal(ada.clone()).because("lost her laptop");
/// let by_any_provider = Revocation::user("https://issuer.example", "ada");
/// let of_one_tenant = Revocation::principal(ada)
///     .in_tenant(Some("acme"))
///     .before(SystemTime::now());
/// # let _ = (token, everything, by_any_provider, of_one_tenant);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Revocation {
    subject: Subject,
    pub(super) until: Option<Timestamp>,
    reason: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    Token {
        issuer: Box<str>,
        id: Box<str>,
        /// The method of its provider; of any where it is `None`.
        method: Option<Box<str>>,
    },
    Everything {
        of: Whose,
        /// `Some(None)`: without a tenant.
        tenant: Option<Option<Box<str>>>,
        before: Option<Timestamp>,
    },
}

/// Whose credentials end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Principal(Principal<'static>),
    /// A user of an issuer, a platform or a label, whatever provider and claim tell of the user.
    User {
        issuer: Box<str>,
        user_id: Box<str>,
    },
}

impl Whose {
    fn digest(&self) -> RevokedDigest {
        match self {
            Self::Principal(who) => RevokedDigest::of_principal(who),
            Self::User { issuer, user_id } => RevokedDigest::of_user(issuer, user_id),
        }
    }
}

impl Revocation {
    /// One token: the `jti` of an issuer, whatever provider accepts it.
    ///
    /// The issuer is the one in the configuration of the provider, or else the provider's label, or
    /// an empty text where it has neither. A `jti` of any length is taken; what is kept is its digest.
    ///
    /// Where two providers have neither, [`of_method`](Self::of_method) tells their tokens apart.
    pub fn token(issuer: impl Into<String>, id: impl Into<String>) -> Self {
        Self::of(Subject::Token {
            issuer: issuer.into().into(),
            id: id.into().into(),
            method: None,
        })
    }

    /// Ends the token only where a provider of this method accepts it, such as `jwt`. It says nothing
    /// about a user or a principal.
    ///
    /// ```
    /// # use tower_auth::keys::Revocation;
    /// let token = Revocation::token("", "7f03").of_method("jwt");
    /// # let _ = token;
    /// ```
    pub fn of_method(mut self, name: impl Into<String>) -> Self {
        if let Subject::Token { method, .. } = &mut self.subject {
            *method = Some(name.into().into());
        }
        self
    }

    /// Everything of a user that was issued until now, whatever provider accepts it and whatever claim
    /// the user id is from.
    ///
    /// The issuer is the one in the configuration of the providers, or else their label, or an empty
    /// text where they have neither; of an endpoint it is the address. The managed keys of the user
    /// are revoked with it, for good: those whose owner is such a principal, and those of the store's own
    /// user where the issuer is the label of the store (empty where it has none).
    ///
    /// Where two claims or two methods may hold one id of two users, both end.
    /// [`principal`](Self::principal) ends one alone.
    pub fn user(issuer: impl Into<String>, user_id: impl Into<String>) -> Self {
        Self::of(Subject::Everything {
            of: Whose::User {
                issuer: issuer.into().into(),
                user_id: user_id.into().into(),
            },
            tenant: None,
            before: None,
        })
    }

    /// Everything of a principal that was issued until now: "log out everywhere".
    ///
    /// A principal is of one method and one claim: see [`user`](Self::user) for every one of a user.
    ///
    /// A token without `iat` was issued before any instant. The managed keys of the principal are
    /// revoked with it, for good.
    pub fn principal(who: Principal<'_>) -> Self {
        Self::of(Subject::Everything {
            of: Whose::Principal(who.into_owned()),
            tenant: None,
            before: None,
        })
    }

    fn of(subject: Subject) -> Self {
        Self {
            subject,
            until: None,
            reason: Box::default(),
        }
    }

    /// Replaces the instant before which everything of the user or principal ends: the store's present time
    /// unless set. It says nothing about a single token.
    pub fn before(mut self, instant: impl Into<Timestamp>) -> Self {
        if let Subject::Everything { before, .. } = &mut self.subject {
            *before = Some(instant.into());
        }
        self
    }

    /// Ends only what has this claim `tenant` (`None`: what has no tenant); of every tenant unless set.
    /// It says nothing about a single token.
    pub fn in_tenant(mut self, name: Option<&str>) -> Self {
        if let Subject::Everything { tenant, .. } = &mut self.subject {
            *tenant = Some(name.map(Into::into));
        }
        self
    }

    /// Sets the time until which the revocation is kept: the `exp` of the token. Unless set, it is kept
    /// as long as a token may live. For a user or a principal it can only be longer than that.
    pub fn until(mut self, time: impl Into<Timestamp>) -> Self {
        self.until = Some(time.into());
        self
    }

    /// Replaces the reason, at most 256 characters, for other administrators.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into().into();
        self
    }

    /// The entry to keep, if it is made at that time by the store's clock and tokens live no longer than
    /// `max_lifetime`.
    pub(crate) fn entry(&self, now: Timestamp, max_lifetime: Duration) -> RevocationEntry {
        let (subject, until) = match &self.subject {
            Subject::Token { issuer, id, method } => {
                let until = self.until.unwrap_or(now.saturating_add(max_lifetime));
                let token = match method {
                    None => RevokedDigest::of_token(issuer, id),
                    Some(method) => RevokedDigest::of_token_by(method, issuer, id),
                };
                (RevokedSubject::Token(token), until)
            }
            Subject::Everything { of, tenant, before } => {
                let before = before.unwrap_or(now);
                // What was issued just before it may live as long as that.
                let last = before.max(now).saturating_add(max_lifetime);
                let tenant = tenant.as_ref();
                let subject = RevokedSubject::Principal {
                    who: of.digest(),
                    tenant: tenant.map(|tenant| RevokedDigest::of_tenant(tenant.as_deref())),
                    before,
                };
                (subject, self.until.map_or(last, |until| until.max(last)))
            }
        };
        RevocationEntry {
            subject,
            until: until.max(now),
        }
    }

    /// Whose credentials all end, and the tenant where it is of one alone.
    pub(crate) fn of_everything(&self) -> Option<(&Whose, Option<Option<&str>>)> {
        match &self.subject {
            Subject::Token { .. } => None,
            Subject::Everything { of, tenant, .. } => {
                Some((of, tenant.as_ref().map(Option::as_deref)))
            }
        }
    }

    /// The issuer and the id of a token.
    pub(crate) fn of_token(&self) -> Option<(&str, &str)> {
        match &self.subject {
            Subject::Token { issuer, id, .. } => Some((issuer, id)),
            Subject::Everything { .. } => None,
        }
    }

    pub(crate) fn instant(&self) -> Option<Timestamp> {
        match &self.subject {
            Subject::Token { .. } => None,
            Subject::Everything { before, .. } => *before,
        }
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// What the audit records tell of it.
    pub(crate) fn record(&self, entry: &RevocationEntry) -> RevocationRecord {
        let (mut record, entry) = (RevocationRecord::default(), *entry);
        match &self.subject {
            Subject::Token { issuer, id, method } => {
                record.issuer = Some(cut(issuer));
                record.jti = Some(cut(id));
                record.method = method.as_deref().map(cut);
            }
            Subject::Everything { of, tenant, .. } => {
                match of {
                    Whose::Principal(who) => {
                        let (source, user) = (who.source().map(cut), cut(who.user_id()));
                        let who = Principal::new(who.method(), source.as_deref(), &user);
                        record.principal = Some(who.into_owned());
                    }
                    Whose::User { issuer, user_id } => {
                        record.issuer = Some(cut(issuer));
                        record.user_id = Some(cut(user_id));
                    }
                }
                record.tenant = tenant.as_ref().map(|tenant| tenant.as_deref().map(cut));
                record.before = entry.before();
            }
        }
        record.until = entry.until();
        record.reason = self.reason.clone();
        record
    }
}

/// A revocation in an audit record. Texts longer than 256 characters are cut, and end with `…`.
///
/// # Example
///
/// ```
/// use tower_auth::keys::RevocationRecord;
///
/// let record: RevocationRecord = serde_json::from_str(
///     r#"{"issuer": "https://issuer.example", "jti": "7f03", "until": 60000, "reason": "leaked"}"#,
/// )?;
/// assert_eq!((record.issuer(), record.jti()), (Some("https://issuer.example"), Some("7f03")));
/// assert!(record.method().is_none() && record.user_id().is_none());
/// assert!(record.principal().is_none() && record.tenant().is_none() && record.before().is_none());
/// assert_eq!((record.until().as_unix_millis(), record.reason()), (60_000, "leaked"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jti: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<Principal<'static>>,
    /// Null for "without a tenant"; absent for every tenant.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    tenant: Option<Option<Box<str>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Timestamp>,
    until: Timestamp,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    reason: Box<str>,
}

impl RevocationRecord {
    /// The issuer, for the revocation of a token or of a user.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The `jti` of the token, for the revocation of a token.
    pub fn jti(&self) -> Option<&str> {
        self.jti.as_deref()
    }

    /// The method of the provider, where only the token that such a provider accepts has ended.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The user id, for the revocation of everything of a user.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The principal, for the revocation of everything of a principal.
    pub fn principal(&self) -> Option<&Principal<'static>> {
        self.principal.as_ref()
    }

    /// The tenant, where only what has this tenant ended; `Some(None)` for what has no tenant.
    pub fn tenant(&self) -> Option<Option<&str>> {
        self.tenant.as_ref().map(Option::as_deref)
    }

    /// The instant before which everything of the user or principal has ended.
    pub fn before(&self) -> Option<Timestamp> {
        self.before
    }

    /// The time until which the revocation is kept.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// The reason that the administrator gave; empty where there is none.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A null that is there is another value than none.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Box<str>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn cut(text: &str) -> Box<str> {
    match text.char_indices().nth(LONGEST) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
    }
}

/// The number of characters of a text that an audit record keeps.
const LONGEST: usize = 256;
