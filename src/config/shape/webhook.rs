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
    /// Deliveries to one path, which are let in when their platform's signature is right.
    Webhook {
        /// Where the platform sends them, in axum's syntax: a plain path is exact.
        path: required String,
        /// How they are signed.
        scheme: required Scheme,
        /// The secret, best as `${VARIABLE}`; a list of them while one takes the place of another.
        secret: optional OneOrMoreSecrets,
        /// A file that holds the secret, from this file's folder on; or a list.
        secret_file: optional OneOrList<String>,
        /// The public key that Discord shows, or the whpk_ key of a standard webhook; or a list.
        public_key: optional OneOrMoreSecrets,
        /// Twilio's webhook address as it stands there, without a query.
        url: optional String,
        /// What Meta shows when it asks whether the address is meant.
        verify_token: optional Secret,
        /// A file that holds what Meta shows then, from this file's folder on.
        verify_token_file: optional String,
        /// How a partner of yours signs, for `scheme: hmac`.
        hmac: optional Hmac,
        /// Whose messages are let in, for telegram, discord, slack and meta.
        allow: optional Allow,
        /// The caller's user id where no sender is named; the scheme's name unless set.
        user_id: optional String,
        /// What the callers may do; nothing unless set.
        scopes: optional Vec<Located<String>>,
        /// The length in bytes beyond which a body is refused; 1048576 unless set.
        max_body_bytes: optional Bytes,
        /// How many deliveries with equal bodies are handled in a day, each under another id, for
        /// github, shopify, twilio and hmac; 3 unless set, 1 is strict, at most 100.
        equal_bodies: optional Count,
        /// Whether a copy of a handled delivery gets a 409; unless set, a 200 ends the matter.
        refuse_handled: optional bool,
        /// Whether copies are handled like the first one: whoever records one can send it again.
        insecure_allow_replay: optional bool,
    }
}

block! {
    /// HMAC over `{id}.{time}.{body}`, without what is not named.
    Hmac {
        /// The header that holds the signature.
        signature_header: required String,
        /// What stands right before the signature in it, as in `sha256=`.
        prefix: optional String,
        /// The hash; sha256 unless set.
        algorithm: optional HmacAlgorithm,
        /// How the signature is written; hex unless set.
        encoding: optional SignatureEncoding,
        /// The header that holds the time in seconds: without one a copy is good for ever.
        timestamp_header: optional String,
        /// The header that holds the delivery's id, which is signed.
        id_header: optional String,
        /// The header that holds the delivery's id where it is not signed: see `equal_bodies`.
        unsigned_id_header: optional String,
        /// How far the clocks may differ: 300 unless set, and at most.
        clock_skew_seconds: optional Seconds,
    }
}

block! {
    /// The senders on the list.
    Senders {
        /// The users; everybody in the chats unless set.
        user_ids: optional Filled<Id>,
        /// The chats; all of the users' unless set.
        chat_ids: optional Filled<Id>,
    }
}

/// Whose messages are let in.
#[derive(Clone, Debug)]
pub(in crate::config) enum Allow {
    /// Whoever the platform vouches for. INVARIANT: only where the document says so in words.
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

/// How deliveries are signed.
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

    /// Whether anybody may sign so: the scheme's name then says nothing of who did.
    pub(in crate::config) fn is_generic(&self) -> bool {
        matches!(self, Self::Standard | Self::Hmac)
    }

    pub(in crate::config) fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, scheme)| *scheme == self)
            .map_or("", |(name, _)| name)
    }

    /// What its messages call the platform, where it has messages.
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
