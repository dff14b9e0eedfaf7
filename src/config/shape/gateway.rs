//! The shape of a gateway's file.

use std::time::SystemTime;

use serde_json::Value;

use super::{
    tokens::{Introspection, Jwt, OAuth2},
    webhook::Webhook,
};
use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
        read::{
            Bytes, Filled, Free, Id, OneOrList, Read, Slot, Spot, block, choice, choice_schema,
        },
    },
    secret::Secret,
};

block! {
    /// Who may call. Without `mode`, the blocks that are there decide, in their order.
    Gateway {
        /// Whether anybody is asked at all; true unless set. With false, every caller is let in.
        enabled: optional bool,
        /// Which of the blocks is meant: `none` lets every caller in, `composite` takes all of them.
        mode: optional Mode,
        /// What challenges name; `api` unless set.
        realm: optional String,
        /// Keys that callers show as `X-API-Key` or `Authorization: Bearer`.
        api_keys: optional ApiKeys,
        /// JSON Web Tokens signed with a key that is known beforehand.
        jwt: optional Jwt,
        /// Access tokens of an OAuth2 or OpenID Connect issuer, checked with the keys it publishes;
        /// a list for several issuers, of which the token's `iss` picks one.
        oauth2: optional OneOrList<OAuth2>,
        /// Opaque tokens, which the endpoint of whoever issued them says are good.
        introspection: optional Introspection,
        /// Senders of a chat platform's messages.
        allowlist: optional Allowlist,
        /// The name under which the program registered a provider of its own.
        custom: optional String,
        /// Paths on which nobody is asked, in axum's syntax: a plain path is exact.
        public_paths: optional Vec<Spot<String>>,
        /// Deliveries of platforms and partners, each proven by its signature before it is let in.
        webhooks: optional Filled<Webhook>,
        /// The length in bytes from which a credential is refused; 8192 unless set, 65536 at most.
        max_credential_bytes: optional Bytes,
        /// Whether `/docs`, `/redoc` and `/openapi.json` are public; false unless set.
        dev_docs: optional bool,
    }
}

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
        scopes: optional Vec<Spot<String>>,
        /// The caller's roles, for an authorizer: the claim `roles`.
        roles: optional Vec<Spot<String>>,
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
    Some(Vec<Spot<ApiKey>>),
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Mode {
    Nobody,
    ApiKey,
    Jwt,
    OAuth2,
    Composite,
    Custom,
}

impl Mode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::Nobody),
        ("api_key", Self::ApiKey),
        ("jwt", Self::Jwt),
        ("oauth2", Self::OAuth2),
        ("composite", Self::Composite),
        ("custom", Self::Custom),
    ];

    pub(in crate::config) fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("", |(name, _)| name)
    }

    /// The block that the mode takes, where it takes one.
    pub(in crate::config) fn block(self) -> Option<&'static str> {
        match self {
            Self::ApiKey => Some("api_keys"),
            Self::Jwt => Some("jwt"),
            Self::OAuth2 => Some("oauth2"),
            Self::Custom => Some("custom"),
            Self::Nobody | Self::Composite => None,
        }
    }
}

impl Read for Mode {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "mode", Self::ALL)
    }

    fn schema() -> Value {
        choice_schema(Self::ALL)
    }
}

/// A block that makes a provider.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) enum Maker<'a> {
    ApiKeys(&'a ApiKeys),
    Jwt(&'a Jwt),
    OAuth2(&'a OneOrList<OAuth2>),
    Introspection(&'a Introspection),
    Allowlist(&'a Allowlist),
    Custom(&'a str),
}

impl Gateway {
    /// The blocks that make providers and could be read, in the order of the file.
    pub(in crate::config) fn makers(&self) -> Vec<(&'static str, &Place, Maker<'_>)> {
        fn found<'a, T>(
            slot: &'a Slot<T>,
            name: &'static str,
            maker: impl FnOnce(&'a T) -> Maker<'a>,
        ) -> Option<(usize, &'static str, &'a Place, Maker<'a>)> {
            let spot = slot.here()?;
            Some((spot.order, name, &spot.place, maker(&spot.value)))
        }
        let mut makers: Vec<_> = [
            found(&self.api_keys, "api_keys", Maker::ApiKeys),
            found(&self.jwt, "jwt", Maker::Jwt),
            found(&self.oauth2, "oauth2", Maker::OAuth2),
            found(&self.introspection, "introspection", Maker::Introspection),
            found(&self.allowlist, "allowlist", Maker::Allowlist),
            found(&self.custom, "custom", |name| Maker::Custom(name)),
        ]
        .into_iter()
        .flatten()
        .collect();
        makers.sort_by_key(|(order, ..)| *order);
        makers
            .into_iter()
            .map(|(_, name, place, maker)| (name, place, maker))
            .collect()
    }

    /// Whether none of those blocks is there, not even a faulty one.
    pub(in crate::config) fn has_no_maker(&self) -> bool {
        self.api_keys.is_absent()
            && self.jwt.is_absent()
            && self.oauth2.is_absent()
            && self.introspection.is_absent()
            && self.allowlist.is_absent()
            && self.custom.is_absent()
    }

    /// Whether there are webhooks, and nobody else is to be let in.
    pub(in crate::config) fn has_only_webhooks(&self) -> bool {
        !self.webhooks.is_absent() && self.mode.is_absent() && self.has_no_maker()
    }

    /// Whether that block is missing.
    pub(in crate::config) fn lacks(&self, block: &str) -> bool {
        match block {
            "api_keys" => self.api_keys.is_absent(),
            "jwt" => self.jwt.is_absent(),
            "oauth2" => self.oauth2.is_absent(),
            "custom" => self.custom.is_absent(),
            _ => true,
        }
    }
}
