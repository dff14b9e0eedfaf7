//! The shape of revocations in a file.

use serde_json::Value;

use crate::config::{
    fault::{Faults, Place},
    node::Node,
    read::{Read, Seconds, block, choice, choice_schema},
    shape::throttle::Entries,
};

block! {
    /// Revocations of tokens. With this block, every caller is held to them.
    RevocationRules: PartialEq {
        /// Where they stand: in the `key_store`, or where processes share what is in `shared` (a Redis or
        /// Valkey server); in the key store unless set.
        store: optional KeptIn,
        /// How long a token may live; 86400 (a day) unless set. A token that lives longer is refused:
        /// its revocation would be forgotten first.
        max_token_lifetime_seconds: optional Seconds,
        /// How far the clocks of issuers may be ahead; 30 unless set.
        leeway_seconds: optional Seconds,
        /// How long the known revocations count while the store cannot be asked; 60 unless set, 0 is
        /// allowed. Then every caller is a 503.
        stale_limit_seconds: optional Seconds,
        /// How many revocations are kept; a million unless set. Beyond it a new one is refused to
        /// whoever revokes, and none is dropped.
        max_revocations: optional Entries,
        /// Whether a JWT may leave out when it was issued (`iat`); false unless set. Weak: one that lives
        /// longer than tokens may counts again in its last day, once its revocation is forgotten.
        insecure_allow_missing_iat: optional bool,
    }
}

/// The member of the file that names the store of revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum KeptIn {
    KeyStore,
    Shared,
}

impl KeptIn {
    pub(in crate::config) fn as_str(self) -> &'static str {
        match self {
            Self::KeyStore => "key_store",
            Self::Shared => "shared",
        }
    }

    fn names() -> [(&'static str, Self); 2] {
        [Self::KeyStore, Self::Shared].map(|kept| (kept.as_str(), kept))
    }
}

impl Read for KeptIn {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "store", &Self::names())
    }

    fn schema() -> Value {
        choice_schema(&Self::names())
    }
}
