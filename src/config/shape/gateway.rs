//! The shape of a gateway's file.

use std::time::SystemTime;

use serde_json::Value;

use super::webhook::Webhook;
use crate::{
    Secret,
    config::{
        fault::{Faults, Place},
        node::Node,
        read::{
            Filled, Id, OneOrMore, PublicAlgorithm, Read, Seconds, Slot, Spot, block, choice,
            choice_schema,
        },
    },
    jose::Algorithm,
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
        api_keys: optional Filled<ApiKey>,
        /// JSON Web Tokens signed with a key that is known beforehand.
        jwt: optional Jwt,
        /// Access tokens of an OAuth2 or OpenID Connect issuer, checked with the keys it publishes.
        oauth2: optional OAuth2,
        /// Senders of a chat platform's messages.
        allowlist: optional Allowlist,
        /// The name under which the program registered a provider of its own.
        custom: optional String,
        /// Paths on which nobody is asked, in axum's syntax: a plain path is exact.
        public_paths: optional Vec<Spot<String>>,
        /// Deliveries of platforms and partners, each proven by its signature before it is let in.
        webhooks: optional Filled<Webhook>,
        /// Whether `/docs`, `/redoc` and `/openapi.json` are public; false unless set.
        dev_docs: optional bool,
    }
}

block! {
    /// A key, itself or by its SHA-256, and whom it stands for.
    ApiKey {
        /// The caller's user id.
        name: required String,
        /// The key itself, best as `${VARIABLE}`.
        key: optional Secret,
        /// The SHA-256 of the key as 64 hex digits, so that the file holds no secret.
        key_sha256: optional Secret,
        /// What the caller may do: everything unless set, nothing with an empty list.
        scopes: optional Vec<Spot<String>>,
        /// From when on the key is refused (RFC 3339).
        expires_at: optional SystemTime,
        /// Whether the key is refused; false unless set.
        revoked: optional bool,
    }
}

block! {
    /// Either a secret or a public key, and what a token must say.
    Jwt {
        /// The secret of HS256, HS384 or HS512, best as `${VARIABLE}`.
        secret: optional Secret,
        /// A PEM file with the public key, from this file's folder on.
        public_key_file: optional String,
        /// The one algorithm; HS256 unless set, and needed with a public key.
        algorithm: optional Algorithm,
        /// What `aud` must be or hold. Unless set, a token with an `aud` is refused.
        audience: optional OneOrMore,
        /// What `iss` must be.
        issuer: optional String,
        /// The claim that holds the scopes; `scope` unless set.
        scope_claim: optional String,
        /// How far the clocks may differ: 30 unless set, 300 at most.
        clock_skew_seconds: optional Seconds,
        /// Whether the secret may be shorter than the hash: it can then be guessed from a token.
        insecure_allow_short_secret: optional bool,
        /// Whether tokens may be without `exp`: they are then good until the key changes.
        insecure_allow_missing_exp: optional bool,
    }
}

block! {
    /// An issuer and what its tokens must say.
    OAuth2 {
        /// What `iss` must be; also where the keys are found, unless `jwks_uri` is set.
        issuer: required String,
        /// What `aud` must be or hold.
        audience: required OneOrMore,
        /// Where the issuer's keys are.
        jwks_uri: optional String,
        /// The algorithms that are accepted; RS256 and ES256 unless set.
        algorithms: optional Filled<PublicAlgorithm>,
        /// The claim that holds the scopes; `scope` unless set.
        scope_claim: optional String,
        /// How far the clocks may differ: 30 unless set, 300 at most.
        clock_skew_seconds: optional Seconds,
        /// Whether only what RFC 9068 calls an access token is accepted; false unless set.
        strict_at_jwt: optional bool,
    }
}

block! {
    /// Whose messages are accepted.
    Allowlist {
        /// The users.
        user_ids: required Filled<Id>,
        /// The chats; all unless set.
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
    ApiKeys(&'a Filled<ApiKey>),
    Jwt(&'a Jwt),
    OAuth2(&'a OAuth2),
    Allowlist(&'a Allowlist),
    Custom(&'a str),
}

impl Gateway {
    /// The blocks that make providers and could be read, in the order of the file.
    pub(in crate::config) fn makers(&self) -> Vec<(&'static str, &Place, Maker<'_>)> {
        let mut found = Vec::new();
        if let Slot::Here(spot) = &self.api_keys {
            found.push((
                spot.order,
                "api_keys",
                &spot.place,
                Maker::ApiKeys(&spot.value),
            ));
        }
        if let Slot::Here(spot) = &self.jwt {
            found.push((spot.order, "jwt", &spot.place, Maker::Jwt(&spot.value)));
        }
        if let Slot::Here(spot) = &self.oauth2 {
            found.push((
                spot.order,
                "oauth2",
                &spot.place,
                Maker::OAuth2(&spot.value),
            ));
        }
        if let Slot::Here(spot) = &self.allowlist {
            found.push((
                spot.order,
                "allowlist",
                &spot.place,
                Maker::Allowlist(&spot.value),
            ));
        }
        if let Slot::Here(spot) = &self.custom {
            found.push((
                spot.order,
                "custom",
                &spot.place,
                Maker::Custom(&spot.value),
            ));
        }
        found.sort_by_key(|(order, ..)| *order);
        found
            .into_iter()
            .map(|(_, name, place, maker)| (name, place, maker))
            .collect()
    }

    /// Whether none of those blocks is there, not even a faulty one.
    pub(in crate::config) fn has_no_maker(&self) -> bool {
        self.api_keys.is_absent()
            && self.jwt.is_absent()
            && self.oauth2.is_absent()
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
