//! What is shown of a key: everything but the key itself, which only its maker's command adds, and its
//! digest, which is never shown.

use serde::Serialize;
use serde_json::{Map, Value};
use tower_auth::{
    Principal, Secret,
    keys::{
        AuditRecord, KeyAction, KeyActor, KeyId, KeyLimit, KeyOwner, KeyRecord, KeyRevocation,
        MadeKey, ManagedKey, Revision, RevocationRecord, Timestamp,
    },
};

/// A key as a document; every member is there, `null` where there is nothing to say.
#[derive(Debug, Serialize)]
pub(crate) struct KeyView<'a> {
    id: &'a KeyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    name: &'a str,
    start: &'a str,
    state: KeyState,
    owner: Option<OwnerView<'a>>,
    tenant: Option<&'a str>,
    scopes: Vec<&'a str>,
    metadata: &'a Map<String, Value>,
    limit: Option<KeyLimit>,
    metered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits: Option<Option<u64>>,
    imported: bool,
    account: &'a KeyId,
    created_at: String,
    created_by: &'a KeyActor,
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Option<String>>,
    revoked: Option<RevocationView<'a>>,
    successor: Option<&'a KeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<Revision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<OldView<'a>>,
}

/// Whether a key is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyState {
    Live,
    Expired,
    Revoked,
}

/// A user id as a text, a whole principal as an object.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum OwnerView<'a> {
    UserId(&'a str),
    Principal(&'a Principal<'static>),
}

#[derive(Debug, Serialize)]
struct RevocationView<'a> {
    at: String,
    by: &'a KeyActor,
    reason: &'a str,
}

/// The key that a new one replaces.
#[derive(Debug, Serialize)]
struct OldView<'a> {
    id: &'a KeyId,
    expires_at: Option<String>,
}

impl KeyState {
    pub(crate) fn of(record: &KeyRecord, now: Timestamp) -> Self {
        match record.revoked() {
            Some(_) => Self::Revoked,
            None if record.is_live(now) => Self::Live,
            None => Self::Expired,
        }
    }
}

impl<'a> KeyView<'a> {
    pub(crate) fn of(key: &'a ManagedKey, now: Timestamp) -> Self {
        Self {
            credits: Some(key.credits()),
            last_used_at: Some(key.last_used_at().map(|at| at.to_string())),
            revision: Some(key.revision()),
            ..Self::of_record(key.record(), now)
        }
    }

    /// A key that was just made, with the key itself.
    pub(crate) fn made(made: &'a MadeKey) -> Self {
        let key = made.key();
        Self {
            key: made.secret().map(Secret::expose),
            old: made.replaced().map(OldView::of),
            ..Self::of(key, key.record().created_at())
        }
    }

    /// A key as an audit record has it, without what changes by itself.
    fn of_record(record: &'a KeyRecord, now: Timestamp) -> Self {
        Self {
            id: record.id(),
            key: None,
            name: record.name(),
            start: record.start(),
            state: KeyState::of(record, now),
            owner: record.owner().map(OwnerView::of),
            tenant: record.tenant(),
            scopes: record.scopes().collect(),
            metadata: record.metadata(),
            limit: record.limit(),
            metered: record.is_metered(),
            credits: None,
            imported: record.is_imported(),
            account: record.account(),
            created_at: record.created_at().to_string(),
            created_by: record.created_by(),
            expires_at: record.expires_at().map(|at| at.to_string()),
            last_used_at: None,
            revoked: record.revoked().map(RevocationView::of),
            successor: record.successor(),
            revision: None,
            old: None,
        }
    }
}

impl<'a> OwnerView<'a> {
    fn of(owner: &'a KeyOwner) -> Self {
        match owner {
            KeyOwner::Principal(principal) => Self::Principal(principal),
            KeyOwner::UserId(id) => Self::UserId(id),
            // The enum may grow.
            _ => Self::UserId("?"),
        }
    }
}

impl<'a> OldView<'a> {
    fn of(key: &'a ManagedKey) -> Self {
        Self {
            id: key.record().id(),
            expires_at: key.record().expires_at().map(|at| at.to_string()),
        }
    }
}

impl<'a> RevocationView<'a> {
    fn of(revocation: &'a KeyRevocation) -> Self {
        Self {
            at: revocation.at().to_string(),
            by: revocation.by(),
            reason: revocation.reason(),
        }
    }
}

/// A change as a document.
#[derive(Debug, Serialize)]
pub(crate) struct AuditView<'a> {
    revision: Revision,
    at: String,
    by: &'a KeyActor,
    action: KeyAction,
    key: &'a KeyId,
    before: Option<KeyView<'a>>,
    after: Option<KeyView<'a>>,
    credits: Option<u64>,
    revocation: Option<TokensView<'a>>,
}

/// The tokens that were revoked: one, or those of a user or a principal.
#[derive(Debug, Serialize)]
struct TokensView<'a> {
    issuer: Option<&'a str>,
    jti: Option<&'a str>,
    method: Option<&'a str>,
    user_id: Option<&'a str>,
    principal: Option<&'a Principal<'static>>,
    /// Left out for every tenant; null for what has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Option<&'a str>>,
    before: Option<String>,
    until: String,
    reason: &'a str,
}

impl<'a> TokensView<'a> {
    fn of(record: &'a RevocationRecord) -> Self {
        Self {
            issuer: record.issuer(),
            jti: record.jti(),
            method: record.method(),
            user_id: record.user_id(),
            principal: record.principal(),
            tenant: record.tenant(),
            before: record.before().map(|at| at.to_string()),
            until: record.until().to_string(),
            reason: record.reason(),
        }
    }
}

impl<'a> AuditView<'a> {
    pub(crate) fn of(record: &'a AuditRecord) -> Self {
        let view = |key| KeyView::of_record(key, record.at());
        Self {
            revision: record.revision(),
            at: record.at().to_string(),
            by: record.by(),
            action: record.action(),
            key: record.key(),
            before: record.before().map(view),
            after: record.after().map(view),
            credits: record.credits(),
            revocation: record.revocation().map(TokensView::of),
        }
    }
}

/// An owner in one word.
pub(crate) fn owner(owner: &KeyOwner) -> &str {
    match owner {
        KeyOwner::UserId(id) => id,
        KeyOwner::Principal(principal) => principal.user_id(),
        _ => "?",
    }
}

/// An actor in one word: the operator's name, or the user id of a caller.
pub(crate) fn actor(actor: &KeyActor) -> &str {
    match actor {
        KeyActor::Operator(name) => name,
        KeyActor::Caller { principal, .. } => principal.user_id(),
        _ => "?",
    }
}

/// An action in one word.
pub(crate) fn action(action: KeyAction) -> &'static str {
    match action {
        KeyAction::Create => "create",
        KeyAction::Import => "import",
        KeyAction::Update => "update",
        KeyAction::Rotate => "rotate",
        KeyAction::Revoke => "revoke",
        KeyAction::Unrevoke => "unrevoke",
        KeyAction::Delete => "delete",
        KeyAction::RevokeTokens => "end",
        KeyAction::RestoreRevocations => "restore",
        _ => "other",
    }
}

/// An owner with everything that tells it from others.
pub(crate) fn long_owner(owner: &KeyOwner) -> String {
    let KeyOwner::Principal(principal) = owner else {
        return self::owner(owner).to_owned();
    };
    match principal.source() {
        Some(source) => format!("{} ({}, {source})", principal.user_id(), principal.method()),
        None => format!("{} ({})", principal.user_id(), principal.method()),
    }
}
