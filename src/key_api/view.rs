//! Keys and audit records as callers see them.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{
    context::Principal,
    keys::{
        AuditRecord, KeyAction, KeyActor, KeyId, KeyLimit, KeyOwner, KeyRecord, KeyRevocation,
        MadeKey, ManagedKey, Revision, RevocationRecord, Timestamp,
    },
};

/// A key, and where it was just made the key itself.
#[derive(Serialize)]
pub(super) struct KeyView<'a> {
    #[serde(flatten)]
    record: RecordView<'a>,
    /// The key itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// The key that this one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<OldView<'a>>,
    credits: Option<u64>,
    last_used_at: Option<Time>,
    revision: Revision,
}

impl<'a> KeyView<'a> {
    pub(super) fn of(key: &'a ManagedKey) -> Self {
        Self {
            record: RecordView::of(key.record()),
            key: None,
            old: None,
            credits: key.credits(),
            last_used_at: key.last_used_at().map(Time),
            revision: key.revision(),
        }
    }

    /// The only view that shows the key itself.
    pub(super) fn of_made(made: &'a MadeKey) -> Self {
        Self {
            key: made.secret().map(|secret| secret.expose()),
            old: made.replaced().map(OldView::of),
            ..Self::of(made.key())
        }
    }

    pub(super) fn id(&self) -> &KeyId {
        self.record.id
    }

    pub(super) fn entity_tag(&self) -> String {
        format!("\"{}\"", self.revision.as_u64())
    }
}

#[derive(Serialize)]
struct OldView<'a> {
    id: &'a KeyId,
    expires_at: Option<Time>,
}

impl<'a> OldView<'a> {
    fn of(key: &'a ManagedKey) -> Self {
        Self {
            id: key.record().id(),
            expires_at: key.record().expires_at().map(Time),
        }
    }
}

/// Every member is there; null is "none".
#[derive(Serialize)]
struct RecordView<'a> {
    id: &'a KeyId,
    name: &'a str,
    start: &'a str,
    owner: Option<OwnerView<'a>>,
    tenant: Option<&'a str>,
    scopes: Vec<&'a str>,
    metadata: &'a Map<String, Value>,
    limit: Option<KeyLimit>,
    metered: bool,
    imported: bool,
    account: &'a KeyId,
    created_at: Time,
    created_by: &'a KeyActor,
    expires_at: Option<Time>,
    revoked: Option<RevocationView<'a>>,
    successor: Option<&'a KeyId>,
}

impl<'a> RecordView<'a> {
    fn of(record: &'a KeyRecord) -> Self {
        Self {
            id: record.id(),
            name: record.name(),
            start: record.start(),
            owner: record.owner().map(OwnerView::of),
            tenant: record.tenant(),
            scopes: record.scopes().collect(),
            metadata: record.metadata(),
            limit: record.limit(),
            metered: record.is_metered(),
            imported: record.is_imported(),
            account: record.account(),
            created_at: Time(record.created_at()),
            created_by: record.created_by(),
            expires_at: record.expires_at().map(Time),
            revoked: record.revoked().map(RevocationView::of),
            successor: record.successor(),
        }
    }
}

/// A user id as a text, a principal as an object.
#[derive(Serialize)]
#[serde(untagged)]
enum OwnerView<'a> {
    UserId(&'a str),
    Principal(&'a Principal<'static>),
}

impl<'a> OwnerView<'a> {
    fn of(owner: &'a KeyOwner) -> Self {
        match owner {
            KeyOwner::UserId(id) => Self::UserId(id),
            KeyOwner::Principal(principal) => Self::Principal(principal),
        }
    }
}

#[derive(Serialize)]
struct RevocationView<'a> {
    at: Time,
    by: &'a KeyActor,
    reason: &'a str,
}

impl<'a> RevocationView<'a> {
    fn of(revocation: &'a KeyRevocation) -> Self {
        Self {
            at: Time(revocation.at()),
            by: revocation.by(),
            reason: revocation.reason(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct AuditView<'a> {
    revision: Revision,
    at: Time,
    by: &'a KeyActor,
    action: KeyAction,
    key: &'a KeyId,
    before: Option<RecordView<'a>>,
    after: Option<RecordView<'a>>,
    credits: Option<u64>,
    revocation: Option<TokensView<'a>>,
}

impl<'a> AuditView<'a> {
    pub(super) fn of(record: &'a AuditRecord) -> Self {
        Self {
            revision: record.revision(),
            at: Time(record.at()),
            by: record.by(),
            action: record.action(),
            key: record.key(),
            before: record.before().map(RecordView::of),
            after: record.after().map(RecordView::of),
            credits: record.credits(),
            revocation: record.revocation().map(TokensView::of),
        }
    }
}

/// The tokens that were revoked: one, or those of a user or a principal.
#[derive(Serialize)]
struct TokensView<'a> {
    issuer: Option<&'a str>,
    jti: Option<&'a str>,
    method: Option<&'a str>,
    user_id: Option<&'a str>,
    principal: Option<&'a Principal<'static>>,
    /// Left out for every tenant; null for what has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Option<&'a str>>,
    before: Option<Time>,
    until: Time,
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
            before: record.before().map(Time),
            until: Time(record.until()),
            reason: record.reason(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct KeyPage<'a> {
    pub(super) keys: Vec<KeyView<'a>>,
    /// The `after` of the next page.
    pub(super) next: Option<&'a KeyId>,
}

#[derive(Serialize)]
pub(super) struct AuditPage<'a> {
    pub(super) audit: Vec<AuditView<'a>>,
    /// The `before` of the next page.
    pub(super) next: Option<Revision>,
}

/// A time as a text of RFC 3339.
struct Time(Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
