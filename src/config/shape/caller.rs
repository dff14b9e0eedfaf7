//! The shape of what a file says of callers: API keys, and lists of senders.

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
    /// A key, itself or by its SHA-256, and whom it stands for.
    ApiKey {
        /// What the log calls the key, and the caller's user id unless `user_id` is set.
        name: required String,
        /// The key itself, best as `${VARIABLE}`.
        key: optional Secret,
        /// A file that holds the key, from this file's folder on.
        key_file: optional String,
        /// The SHA-256 of the key as 64 hex digits, so that the file holds no secret.
        key_sha256: optional Secret,
        /// The caller's user id, where two keys are one caller; the name unless set.
        user_id: optional String,
        /// What the caller may do: everything unless set, nothing with an empty list.
        scopes: optional Vec<Located<String>>,
        /// The caller's roles, for an authorizer: the claim `roles`.
        roles: optional Vec<Located<String>>,
        /// Whose the caller is: the claim `tenant`.
        tenant: optional String,
        /// The caller's further claims.
        metadata: optional Free,
        /// From when on the key is refused (RFC 3339).
        expires_at: optional SystemTime,
        /// Whether the key is refused; false unless set.
        revoked: optional bool,
    }
}

/// The keys; of a list without one, the builder says whether it is a fault.
#[derive(Clone, Debug)]
pub(in crate::config) enum ApiKeys {
    Some(Vec<Located<ApiKey>>),
    /// An empty list.
    Empty,
    /// A name with nothing after it, as where the last item was commented out.
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
    /// Whose messages are accepted.
    Allowlist {
        /// The users; everybody in the chats unless set.
        user_ids: optional Filled<Id>,
        /// The chats; all of the users' unless set.
        chat_ids: optional Filled<Id>,
        /// The platforms; all unless set, although the same id on another one is somebody else.
        platforms: optional Filled<String>,
    }
}
