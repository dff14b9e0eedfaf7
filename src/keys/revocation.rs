//! A revocation as an administrator asks for it, and as the audit records tell it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{RevocationEntry, Timestamp, revoked::RevokedSubject, revoked_digest::RevokedDigest};
use crate::context::Principal;

/// The credentials to end before their time: one token, or everything of a principal.
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
/// let of_one_tenant = Revocation::principal(ada)
///     .in_tenant(Some("acme"))
///     .before(SystemTime::now());
/// # let _ = (token, everything, of_one_tenant);
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
    },
    Principal {
        who: Principal<'static>,
        /// `Some(None)`: without a tenant.
        tenant: Option<Option<Box<str>>>,
        before: Option<Timestamp>,
    },
}

impl Revocation {
    /// One token: the `jti` of an issuer.
    ///
    /// The issuer is the one in the configuration of the provider, or else the provider's label, or
    /// an empty text where it has neither. A `jti` of any length is taken; what is kept is its digest.
    pub fn token(issuer: impl Into<String>, id: impl Into<String>) -> Self {
        Self::of(Subject::Token {
            issuer: issuer.into().into(),
            id: id.into().into(),
        })
    }

    /// Everything of a principal that was issued until now: "log out everywhere".
    ///
    /// A token without `iat` was issued before any instant. The managed keys of the principal are
    /// revoked with it, for good.
    pub fn principal(who: Principal<'_>) -> Self {
        Self::of(Subject::Principal {
            who: who.into_owned(),
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

    /// Replaces the instant before which everything of the principal ends: the store's present time
    /// unless set. It says nothing about a single token.
    pub fn before(mut self, instant: impl Into<Timestamp>) -> Self {
        if let Subject::Principal { before, .. } = &mut self.subject {
            *before = Some(instant.into());
        }
        self
    }

    /// Ends only what has this claim `tenant` (`None`: what has no tenant); of every tenant unless set.
    /// It says nothing about a single token.
    pub fn in_tenant(mut self, name: Option<&str>) -> Self {
        if let Subject::Principal { tenant, .. } = &mut self.subject {
            *tenant = Some(name.map(Into::into));
        }
        self
    }

    /// Sets the time until which the revocation is kept: the `exp` of the token. Unless set, it is kept
    /// as long as a token may live. For a principal it can only be longer than that.
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
            Subject::Token { issuer, id } => {
                let until = self.until.unwrap_or(now.saturating_add(max_lifetime));
                let token = RevokedDigest::of_token(issuer, id);
                (RevokedSubject::Token(token), until)
            }
            Subject::Principal {
                who,
                tenant,
                before,
            } => {
                let before = before.unwrap_or(now);
                // What was issued just before it may live as long as that.
                let last = before.max(now).saturating_add(max_lifetime);
                let tenant = tenant.as_ref();
                let subject = RevokedSubject::Principal {
                    who: RevokedDigest::of_principal(who),
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

    /// The principal, and the tenant where it is of one alone.
    pub(crate) fn of_principal(&self) -> Option<(&Principal<'static>, Option<Option<&str>>)> {
        match &self.subject {
            Subject::Token { .. } => None,
            Subject::Principal { who, tenant, .. } => {
                Some((who, tenant.as_ref().map(Option::as_deref)))
            }
        }
    }

    /// The issuer and the id of a token.
    pub(crate) fn of_token(&self) -> Option<(&str, &str)> {
        match &self.subject {
            Subject::Token { issuer, id } => Some((issuer, id)),
            Subject::Principal { .. } => None,
        }
    }

    pub(crate) fn instant(&self) -> Option<Timestamp> {
        match &self.subject {
            Subject::Token { .. } => None,
            Subject::Principal { before, .. } => *before,
        }
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// What the audit records tell of it.
    pub(crate) fn record(&self, entry: &RevocationEntry) -> RevocationRecord {
        let (mut record, entry) = (RevocationRecord::default(), *entry);
        match &self.subject {
            Subject::Token { issuer, id } => {
                record.issuer = Some(cut(issuer));
                record.jti = Some(cut(id));
            }
            Subject::Principal { who, tenant, .. } => {
                let (source, user) = (who.source().map(cut), cut(who.user_id()));
                let who = Principal::new(who.method(), source.as_deref(), &user);
                record.principal = Some(who.into_owned());
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
    /// The issuer of the token, for the revocation of a token.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The `jti` of the token, for the revocation of a token.
    pub fn jti(&self) -> Option<&str> {
        self.jti.as_deref()
    }

    /// The principal, for the revocation of everything of a principal.
    pub fn principal(&self) -> Option<&Principal<'static>> {
        self.principal.as_ref()
    }

    /// The tenant, where only what has this tenant ended; `Some(None)` for what has no tenant.
    pub fn tenant(&self) -> Option<Option<&str>> {
        self.tenant.as_ref().map(Option::as_deref)
    }

    /// The instant before which everything of the principal has ended.
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
