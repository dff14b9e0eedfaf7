//! The shape of a webhook in a gateway's file.

use serde_json::{Value, json};

use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
        read::{
            Bytes, Count, Filled, Id, Located, OneOrList, OneOrMoreSecrets, Read, Seconds, Slot,
            block, choice, choice_schema, misfit,
        },
        suggest,
    },
    error::ConfigErrorKind,
    secret::Secret,
    webhook::{HmacAlgorithm, SignatureEncoding},
};

block! {
    /// Deliveries to one path, which are accepted if their platform's signature is valid.
    Webhook {
        /// The path that the platform sends them to, in axum's syntax: a plain path is exact.
        path: required String,
        /// The signature scheme.
        scheme: required Scheme,
        /// The secret, best as `${VARIABLE}`; a list during a rotation.
        secret: optional OneOrMoreSecrets,
        /// A file that holds the secret, relative to this file's folder; or a list.
        secret_file: optional OneOrList<String>,
        /// The public key from Discord, or the whpk_ key of a standard webhook; or a list.
        public_key: optional OneOrMoreSecrets,
        /// The webhook's address as it is configured at Twilio, without a query.
        url: optional String,
        /// The token that Meta sends in its handshake.
        verify_token: optional Secret,
        /// A file that holds the token of Meta's handshake, relative to this file's folder.
        verify_token_file: optional String,
        /// The signature scheme of a partner, for `scheme: hmac`.
        hmac: optional Hmac,
        /// The senders whose messages are let in, for telegram, discord, slack and meta.
        allow: optional Allow,
        /// The caller's user id where no sender is named; the scheme's name unless set.
        user_id: optional String,
        /// The scopes of the callers; none unless set.
        scopes: optional Vec<Located<String>>,
        /// The maximum length of a body in bytes; 1048576 unless set.
        max_body_bytes: optional Bytes,
        /// How many deliveries with equal bodies are handled in a day, each under another id, for
        /// github, shopify, twilio and hmac; 3 unless set, 1 is strict, at most 100.
        equal_bodies: optional Count,
        /// Whether a copy of a handled delivery gets a 409; unless set, it gets a 200.
        refuse_handled: optional bool,
        /// Whether copies are handled like the first one: an attacker who records one can send it
        /// again.
        insecure_allow_replay: optional bool,
    }
}

block! {
    /// HMAC over `{id}.{time}.{body}`, without the parts that are not named.
    Hmac {
        /// The header that holds the signature.
        signature_header: required String,
        /// The text right before the signature in it, such as `sha256=`.
        prefix: optional String,
        /// The hash; sha256 unless set.
        algorithm: optional HmacAlgorithm,
        /// The encoding of the signature; hex unless set.
        encoding: optional SignatureEncoding,
        /// The header that holds the time in seconds: without one a copy is valid for ever.
        timestamp_header: optional String,
        /// The header that holds the delivery's id, if it is signed.
        id_header: optional String,
        /// The header that holds the delivery's id, if it is not signed: see `equal_bodies`.
        unsigned_id_header: optional String,
        /// How far the clocks may differ: 300 unless set, and at most.
        clock_skew_seconds: optional Seconds,
    }
}

block! {
    /// The senders on the list.
    Senders {
        /// The users; every user in the chats unless set.
        user_ids: optional Filled<Id>,
        /// The chats; all chats of the users unless set.
        chat_ids: optional Filled<Id>,
    }
}

/// The senders whose messages are let in.
#[derive(Clone, Debug)]
pub(in crate::config) enum Allow {
    /// Every sender that the platform vouches for. INVARIANT: only where the document says so in
    /// words.
    Everyone,
    Senders(Senders),
}

impl Read for Allow {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        match &node.kind {
            Kind::Map(_) => Senders::read(node, place, faults).map(Self::Senders),
            Kind::Text(text) if !text.secret.expose().trim().is_empty() => {
                if text.secret.expose() == EVERYONE {
                    return Some(Self::Everyone);
                }
                let hint = suggest::hint(text.secret.expose(), [EVERYONE]);
                let message = format!("there is no such choice: {hint}write {CHOICES}");
                faults.add(ConfigErrorKind::Unknown, place, message);
                None
            }
            _ => misfit(node, place, faults, CHOICES),
        }
    }

    fn schema() -> Value {
        json!({"anyOf": [choice_schema(&[(EVERYONE, ())]), Senders::schema()]})
    }
}

/// The signature scheme of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Scheme {
    Standard,
    Github,
    Slack,
    Telegram,
    Discord,
    Stripe,
    Hmac,
    Twilio,
    Meta,
    Shopify,
    Linear,
}

impl Scheme {
    const ALL: &'static [(&'static str, Self)] = &[
        ("standard", Self::Standard),
        ("github", Self::Github),
        ("slack", Self::Slack),
        ("telegram", Self::Telegram),
        ("discord", Self::Discord),
        ("stripe", Self::Stripe),
        ("hmac", Self::Hmac),
        ("twilio", Self::Twilio),
        ("meta", Self::Meta),
        ("shopify", Self::Shopify),
        ("linear", Self::Linear),
    ];

    /// Whether any partner may use the scheme: its name then does not identify the sender.
    pub(in crate::config) fn is_generic(&self) -> bool {
        matches!(self, Self::Standard | Self::Hmac)
    }

    pub(in crate::config) fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, scheme)| *scheme == self)
            .map_or("", |(name, _)| name)
    }

    /// The platform's name in its messages, if it has messages.
    pub(in crate::config) fn platform(self) -> Option<&'static str> {
        match self {
            Self::Telegram => Some("telegram"),
            Self::Discord => Some("discord"),
            Self::Slack => Some("slack"),
            Self::Meta => Some("whatsapp"),
            _ => None,
        }
    }

    /// Whether the platform's ids are decimal numbers.
    pub(in crate::config) fn has_numeric_ids(self) -> bool {
        matches!(self, Self::Telegram | Self::Discord | Self::Meta)
    }
}

impl Read for Scheme {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "scheme", Self::ALL)
    }

    fn schema() -> Value {
        choice_schema(Self::ALL)
    }
}

impl Read for HmacAlgorithm {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "hash", HASHES)
    }

    fn schema() -> Value {
        choice_schema(HASHES)
    }
}

impl Read for SignatureEncoding {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "encoding", ENCODINGS)
    }

    fn schema() -> Value {
        choice_schema(ENCODINGS)
    }
}

impl Webhook {
    /// The members that belong to some schemes only, each with those schemes.
    pub(in crate::config) fn special(
        &self,
    ) -> [(&'static str, Option<&Place>, &'static [Scheme]); 7] {
        fn place<T>(slot: &Slot<T>) -> Option<&Place> {
            slot.present().map(|located| &located.place)
        }
        [
            (
                "public_key",
                place(&self.public_key),
                &[Scheme::Discord, Scheme::Standard],
            ),
            ("url", place(&self.url), &[Scheme::Twilio]),
            ("verify_token", place(&self.verify_token), &[Scheme::Meta]),
            (
                "verify_token_file",
                place(&self.verify_token_file),
                &[Scheme::Meta],
            ),
            ("hmac", place(&self.hmac), &[Scheme::Hmac]),
            (
                "equal_bodies",
                place(&self.equal_bodies),
                &[
                    Scheme::Github,
                    Scheme::Shopify,
                    Scheme::Twilio,
                    Scheme::Hmac,
                ],
            ),
            (
                "allow",
                place(&self.allow),
                &[
                    Scheme::Telegram,
                    Scheme::Discord,
                    Scheme::Slack,
                    Scheme::Meta,
                ],
            ),
        ]
    }
}

const EVERYONE: &str = "everyone";
const CHOICES: &str = "a block with user_ids or chat_ids in it, or \"everyone\"";
const HASHES: &[(&str, HmacAlgorithm)] = &[
    ("sha256", HmacAlgorithm::Sha256),
    ("sha384", HmacAlgorithm::Sha384),
    ("sha512", HmacAlgorithm::Sha512),
];
const ENCODINGS: &[(&str, SignatureEncoding)] = &[
    ("hex", SignatureEncoding::Hex),
    ("base64", SignatureEncoding::Base64),
];
