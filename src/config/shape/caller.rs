//! The shape of callers in a file: API keys, and lists of senders.

use std::time::SystemTime;

use serde_json::Value;

use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
        read::{Filled, Free, Id, Located, Read, block},
    },
    secret::Secret,
};

block! {
    /// A key, itself or by its SHA-256, and its caller.
    ApiKey {
        /// The name of the key in the log, and the caller's user id unless `user_id` is set.
        name: required String,
        /// The key itself, best as `${VARIABLE}`.
        key: optional Secret,
        /// A file that holds the key, relative to this file's folder.
        key_file: optional String,
        /// The SHA-256 of the key as 64 hex digits, so that the file holds no secret.
        key_sha256: optional Secret,
        /// The caller's user id, where two keys are one caller; the name unless set.
        user_id: optional String,
        /// The scopes of the caller: every scope unless set, none with an empty list.
        scopes: optional Vec<Located<String>>,
        /// The caller's roles, for an authorizer: the claim `roles`.
        roles: optional Vec<Located<String>>,
        /// The caller's tenant: the claim `tenant`.
        tenant: optional String,
        /// The caller's further claims.
        metadata: optional Free,
        /// The time from which the key is refused (RFC 3339).
        expires_at: optional SystemTime,
        /// Whether the key is refused; false unless set.
        revoked: optional bool,
    }
}

/// The keys; the builder decides whether an empty list is a fault.
#[derive(Clone, Debug)]
pub(in crate::config) enum ApiKeys {
    Some(Vec<Located<ApiKey>>),
    /// An empty list.
    Empty,
    /// A name without a value, such as after the last item was commented out.
    Nothing,
}

impl Read for ApiKeys {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match &node.kind {
            Kind::Null => Some(Self::Nothing),
            Kind::List(items) if items.is_empty() => Some(Self::Empty),
            _ => Vec::read(node, place, faults).map(Self::Some),
        }
    }

    fn schema() -> Value {
        Filled::<ApiKey>::schema()
    }
}

block! {
    /// The senders whose messages are accepted.
    Allowlist {
        /// The users; every user in the chats unless set.
        user_ids: optional Filled<Id>,
        /// The chats; all chats of the users unless set.
        chat_ids: optional Filled<Id>,
        /// The platforms; all unless set, although one id on two platforms is two users.
        platforms: optional Filled<String>,
    }
}
