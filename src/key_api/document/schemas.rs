//! The schemas of bodies.

use serde_json::{Map, Value, json};

pub(super) fn all() -> Value {
    let reads = [requests(), answers(), words()];
    reads.into_iter().flatten().collect::<Map<_, _>>().into()
}

type Schemas = Vec<(String, Value)>;

fn requests() -> Schemas {
    let create = json!({
        "name": text(128, "For administrators; two keys may have one name."),
        "owner": described(reference("Owner"), "Unless set, the caller; with keys:admin the key itself."),
        "tenant": text(128, "Unless set, the caller's; with keys:admin none."),
        "scopes": reference("Scopes"),
        "metadata": reference("Metadata"),
        "limit": reference("Limit"),
        "credits": described(reference("Credits"), "The total number of requests; unlimited unless set."),
        "expires_at": described(reference("Time"), "Never unless set; expires_in may stand in its place."),
        "expires_in": described(reference("Duration"), "From now on."),
    });
    let update = json!({
        "name": text(128, "For administrators."),
        "owner": reference("Owner"),
        "tenant": nullable(text(128, "null removes it.")),
        "scopes": reference("Scopes"),
        "metadata": described(reference("Metadata"), "Replaces all of it."),
        "limit": nullable_reference("Limit"),
        "credits": described(reference("Credits"), "Those that are left; only for a key that was made with credits."),
        "expires_at": nullable_reference("Time"),
        "expires_in": described(reference("Duration"), "From now on."),
    });
    let import = with(
        &create,
        json!({"digest": {
            "type": "string", "pattern": "^[0-9A-Fa-f]{64}$", "description": "The SHA-256 of the key in hex.",
        }}),
    );
    named([
        ("CreateKey", object(create, &["name"])),
        ("ImportKey", object(import, &["digest", "name"])),
        ("UpdateKey", object(update, &[])),
        (
            "RotateKey",
            object(
                json!({"overlap": described(reference("Duration"), "How long the old key works.")}),
                &["overlap"],
            ),
        ),
        (
            "RevokeKey",
            object(
                json!({"reason": {
                    "type": "string", "maxLength": 256, "description": "For other administrators.",
                }}),
                &[],
            ),
        ),
        ("Nothing", object(json!({}), &[])),
        ("Revoke", revocation()),
    ])
}

/// A token, or everything of a user or a principal.
fn revocation() -> Value {
    let members = json!({
        "issuer": {"type": "string", "description": "Beside jti or user_id: the issuer, as the program's configuration names it, or the source of the provider; left out where it has neither."},
        "jti": {"type": "string", "description": "The id of the token."},
        "method": {"type": "string", "description": "Beside jti: only where a provider of this method accepts the token."},
        "user_id": {"type": "string", "description": "Everything that was issued to the user of the issuer ends, managed keys too, whatever provider accepts it and whatever claim the id is from."},
        "principal": described(reference("Principal"), "Everything that was issued to it ends, its managed keys too: with this method, issuer and user id alone."),
        "tenant": nullable(json!({"type": "string", "description": "Only what is of this tenant; null: what has none."})),
        "before": described(reference("Time"), "Only what was issued before; now unless set."),
        "expires_at": described(reference("Time"), "When the token expires: the revocation is kept until then."),
        "reason": {"type": "string", "maxLength": 256, "description": "For other administrators."},
    });
    object(members, &[])
}

fn answers() -> Schemas {
    let record = record();
    let key = with(
        &record,
        json!({
            "credits": nullable(json!({
                "type": "integer", "minimum": 0, "description": "Those that are left; null: not metered.",
            })),
            "last_used_at": described(nullable_reference("Time"), "To the minute."),
            "revision": described(reference("Revision"), "The last change of the key."),
        }),
    );
    let made = with(
        &key,
        json!({"key": {"type": "string", "description": "The key itself."}}),
    );
    let old = object(
        json!({"id": reference("KeyId"), "expires_at": nullable_reference("Time")}),
        &EVERY,
    );
    let rotated = with(&made, json!({"old": old}));
    let audit = json!({
        "revision": reference("Revision"),
        "at": reference("Time"),
        "by": reference("Actor"),
        "action": {
            "type": "string",
            "enum": [
                "create", "import", "update", "rotate", "revoke", "unrevoke", "delete", "revoke_tokens",
                "restore_revocations",
            ],
        },
        "key": described(reference("KeyId"), "For a rotation, the old key; empty where the change is of no key."),
        "before": nullable_reference("KeyRecord"),
        "after": nullable_reference("KeyRecord"),
        "credits": nullable(json!({"type": "integer", "description": "Those that the change gave."})),
        "revocation": nullable_reference("RevokedTokens"),
    });
    let revoked = json!({
        "before": nullable_reference("Time"),
        "until": described(reference("Time"), "The revocation is kept until then."),
        "revoked_keys": {"type": "array", "items": reference("KeyId"), "description": "The managed keys that ended with it."},
    });
    let key_page = json!({
        "keys": {"type": "array", "items": reference("Key")},
        "next": described(nullable_reference("KeyId"), "The after of the next page."),
    });
    let audit_page = json!({
        "audit": {"type": "array", "items": reference("AuditRecord")},
        "next": described(nullable_reference("Revision"), "The before of the next page."),
    });
    named([
        ("KeyRecord", object(record, &EVERY)),
        ("Key", object(key, &EVERY)),
        ("MadeKey", object(made, &EVERY)),
        ("RotatedKey", object(rotated, &EVERY)),
        ("KeyPage", object(key_page, &EVERY)),
        ("AuditRecord", object(audit, &EVERY)),
        ("AuditPage", object(audit_page, &EVERY)),
        ("RevokedTokens", revoked_tokens()),
        ("Revoked", object(revoked, &EVERY)),
        ("Problem", problem()),
    ])
}

fn record() -> Value {
    let revocation = json!({
        "at": reference("Time"),
        "by": reference("Actor"),
        "reason": {"type": "string"},
    });
    json!({
        "id": reference("KeyId"),
        "name": {"type": "string"},
        "start": {"type": "string", "description": "The prefix and four characters; empty for an imported key."},
        "owner": described(nullable_reference("Owner"), "null: the key stands for itself, by its id."),
        "tenant": nullable(json!({"type": "string"})),
        "scopes": reference("Scopes"),
        "metadata": reference("Metadata"),
        "limit": nullable_reference("Limit"),
        "metered": {"type": "boolean", "description": "Whether each request costs a credit."},
        "imported": {"type": "boolean"},
        "account": described(reference("KeyId"), "The key whose limit and credits this one shares: its own id, if none."),
        "created_at": reference("Time"),
        "created_by": reference("Actor"),
        "expires_at": nullable_reference("Time"),
        "revoked": {"oneOf": [object(revocation, &EVERY), {"type": "null"}]},
        "successor": nullable_reference("KeyId"),
    })
}

/// Tokens that were revoked.
fn revoked_tokens() -> Value {
    let text = || nullable(json!({"type": "string"}));
    let members = json!({
        "issuer": text(),
        "jti": text(),
        "method": described(text(), "Where the token of one method alone has ended."),
        "user_id": described(text(), "With issuer, where everything of a user has ended."),
        "principal": nullable_reference("Principal"),
        "tenant": described(text(), "Left out for every tenant; null for what has none."),
        "before": nullable_reference("Time"),
        "until": described(reference("Time"), "The revocation is kept until then."),
        "reason": {"type": "string"},
    });
    let required = [
        "issuer",
        "jti",
        "method",
        "user_id",
        "principal",
        "before",
        "until",
        "reason",
    ];
    object(members, &required)
}

/// RFC 9457.
fn problem() -> Value {
    let fault = json!({"pointer": {"type": "string"}, "detail": {"type": "string"}});
    let members = json!({
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable."},
        "detail": {"type": "string"},
        "scope": {"type": "string", "description": "The scopes that are needed."},
        "errors": {"type": "array", "items": object(fault, &EVERY)},
    });
    object(members, &["type", "title", "status", "code", "detail"])
}

fn words() -> Schemas {
    let principal = json!({
        "method": {"type": "string"},
        "issuer": nullable(json!({"type": "string"})),
        "user_id": text(256, "The user id."),
    });
    let principal = object(principal, &["method", "user_id"]);
    let caller = json!({
        "principal": reference("Principal"),
        "key": described(reference("KeyId"), "The managed key that the caller showed."),
    });
    let by_caller = object(json!({"caller": object(caller, &["principal"])}), &EVERY);
    let by_operator = object(json!({"operator": {"type": "string"}}), &EVERY);
    let positive = json!({"type": "integer", "minimum": 1, "maximum": u32::MAX});
    let number = json!({"type": "integer", "minimum": 0, "maximum": u32::MAX});
    named([
        (
            "KeyId",
            json!({"type": "string", "description": "No secret.", "example": "key_01kb2s7g3e0000000000000000"}),
        ),
        ("Revision", json!({"type": "integer", "minimum": 0})),
        (
            "Time",
            json!({"type": "string", "format": "date-time", "example": "2027-01-31T00:00:00Z"}),
        ),
        (
            "Duration",
            json!({"type": "string", "pattern": "^[0-9]+[smhd]$", "example": "90d",
                "description": "A number of seconds, minutes, hours or days."}),
        ),
        ("Principal", principal),
        (
            "Owner",
            json!({
                "description": "A user id of these keys, or a caller of another provider.",
                "oneOf": [text(256, "A user id."), reference("Principal")],
            }),
        ),
        ("Actor", json!({"oneOf": [by_operator, by_caller]})),
        (
            "Scopes",
            json!({
                "type": "array",
                "maxItems": 64,
                "items": {"type": "string", "minLength": 1, "maxLength": 128},
                "description": "An empty list grants nothing.",
            }),
        ),
        (
            "Metadata",
            json!({"type": "object", "additionalProperties": true, "description": "Claims of the caller: at most 8 KiB."}),
        ),
        (
            "Limit",
            object(json!({"requests": number, "seconds": positive}), &EVERY),
        ),
        (
            "Credits",
            json!({"type": "integer", "minimum": 0, "maximum": (1_u64 << 53) - 1}),
        ),
    ])
}

/// An object that has no other members. `required` names some of them, or [`EVERY`].
fn object(members: Value, required: &[&str]) -> Value {
    let required: Vec<String> = match (&members, required) {
        (Value::Object(members), [EVERY_MEMBER]) => members.keys().cloned().collect(),
        (_, some) => some.iter().map(|&name| name.to_owned()).collect(),
    };
    let mut schema =
        json!({"type": "object", "properties": members, "additionalProperties": false});
    if let (false, Some(schema)) = (required.is_empty(), schema.as_object_mut()) {
        schema.insert("required".into(), required.into());
    }
    schema
}

const EVERY_MEMBER: &str = "*";
const EVERY: [&str; 1] = [EVERY_MEMBER];

fn with(members: &Value, more: Value) -> Value {
    let of = |members: &Value| members.as_object().cloned().unwrap_or_default();
    let all: Map<_, _> = of(members).into_iter().chain(of(&more)).collect();
    all.into()
}

fn text(longest: usize, description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": longest, "description": description})
}

/// A schema of one type that takes null too.
fn nullable(mut schema: Value) -> Value {
    if let Some(members) = schema.as_object_mut()
        && let Some(kind) = members.get("type").cloned()
    {
        members.insert("type".into(), json!([kind, "null"]));
    }
    schema
}

fn nullable_reference(schema: &str) -> Value {
    json!({"oneOf": [reference(schema), {"type": "null"}]})
}

fn described(mut schema: Value, description: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".into(), description.into());
    }
    schema
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn named<const N: usize>(schemas: [(&str, Value); N]) -> Schemas {
    schemas
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}
